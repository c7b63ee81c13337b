package io.haredge.demo.core;

/**
 * Decides whether a window is unlike all training data.
 *
 * <p>That follows from the window itself, as in {@code har_runtime/answers/rejection.py}: its mean and standard
 * deviation in each channel and the length of its mean acceleration, against those of each activity's training windows
 * (Mahalanobis distance to the nearest one).
 */
final class Rejector {
    /** How many numbers describe a window. */
    static final int STATISTICS = 2 * Contract.CHANNEL_COUNT + 1;

    private static final double SPREAD_FLOOR = 0.02;

    private final Card.Rejection rejection;
    private final double[] statistics = new double[STATISTICS];

    Rejector(Card.Rejection rejection) {
        this.rejection = rejection;
    }

    /** Whether a window, shape (50, 6), is unlike everything that the model was trained on. */
    boolean isUnlike(float[] imu) {
        return !(distance(imu) <= rejection.distance); // True for NaN too.
    }

    /** Distance of a window to the nearest activity's training windows, in standard deviations. */
    double distance(float[] imu) {
        measure(imu);
        double smallest = Double.POSITIVE_INFINITY;
        for (int activity = 0; activity < rejection.means.length; activity++) {
            double[] means = rejection.means[activity];
            double[] whitening = rejection.whitening[activity];
            double sum = 0;
            int at = 0;
            for (int row = 0; row < STATISTICS; row++) {
                double whitened = 0;
                for (int column = 0; column <= row; column++) {
                    whitened += whitening[at++] * (statistics[column] - means[column]);
                }
                sum += whitened * whitened;
            }
            smallest = Math.min(smallest, sum); // NaN stays NaN.
        }
        return Math.sqrt(smallest);
    }

    private void measure(float[] imu) {
        double squares = 0;
        for (int channel = 0; channel < Contract.CHANNEL_COUNT; channel++) {
            double mean = Statistics.mean(imu, channel);
            statistics[channel] = mean;
            double deviation = Statistics.deviation(imu, channel, mean);
            statistics[Contract.CHANNEL_COUNT + channel] = Math.log(deviation + SPREAD_FLOOR);
            squares += channel < 3 ? mean * mean : 0;
        }
        statistics[STATISTICS - 1] = Math.sqrt(squares);
    }
}
