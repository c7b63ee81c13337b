package io.haredge.demo.core;

/** Mean and standard deviation of a window's channels. */
final class Statistics {
    private Statistics() {}

    static double mean(float[] imu, int channel) {
        double sum = 0;
        for (int row = 0; row < Contract.WINDOW; row++) {
            sum += imu[row * Contract.CHANNEL_COUNT + channel];
        }
        return sum / Contract.WINDOW;
    }

    static double spread(float[] imu, int channel, double mean) {
        double sum = 0;
        for (int row = 0; row < Contract.WINDOW; row++) {
            double away = imu[row * Contract.CHANNEL_COUNT + channel] - mean;
            sum += away * away;
        }
        return Math.sqrt(sum / Contract.WINDOW);
    }
}
