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
        return Math.sqrt(power(imu, channel, mean));
    }

    /** Mean square of the differences from the mean. */
    static double power(float[] imu, int channel, double mean) {
        double sum = 0;
        for (int row = 0; row < Contract.WINDOW; row++) {
            double difference = imu[row * Contract.CHANNEL_COUNT + channel] - mean;
            sum += difference * difference;
        }
        return sum / Contract.WINDOW;
    }

    /** Mean square of the differences between neighbours. */
    static double stepPower(float[] imu, int channel) {
        double sum = 0;
        for (int row = 1; row < Contract.WINDOW; row++) {
            double before = imu[(row - 1) * Contract.CHANNEL_COUNT + channel];
            double difference = imu[row * Contract.CHANNEL_COUNT + channel] - before;
            sum += difference * difference;
        }
        return sum / (Contract.WINDOW - 1);
    }
}
