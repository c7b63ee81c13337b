package io.haredge.demo.core;

/** Turns a window into probabilities. */
public interface Model {
    /**
     * Classifies one window.
     *
     * @param imu shape (50, 6), row by row, SI units, in the frame of the model's card
     * @param outputs receives the result
     */
    void run(float[] imu, Outputs outputs);
}
