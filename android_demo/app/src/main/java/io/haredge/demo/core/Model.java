package io.haredge.demo.core;

/** Whatever turns a window into probabilities. */
public interface Model {
    /**
     * Runs one window.
     *
     * @param imu shape (50, 6), row by row, SI units
     * @param probabilities where they are written, shape (classes,)
     */
    void run(float[] imu, float[] probabilities);
}
