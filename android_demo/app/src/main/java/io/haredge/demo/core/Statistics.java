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

    static double deviation(float[] imu, int channel, double mean) {
        double sum = 0;
        for (int row = 0; row < Contract.WINDOW; row++) {
            double difference = imu[row * Contract.CHANNEL_COUNT + channel] - mean;
            sum += difference * difference;
        }
        return Math.sqrt(sum / Contract.WINDOW);
    }
}
