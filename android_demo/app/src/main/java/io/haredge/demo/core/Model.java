package io.haredge.demo.core;

/** Turns a window into probabilities. */
public interface Model {
    /**
     * Classifies one window.
     *
     * @param imu shape (50, 6), row by row, SI units
     * @param probabilities receives the result, shape (classes,)
     */
    void run(float[] imu, float[] probabilities);
}
