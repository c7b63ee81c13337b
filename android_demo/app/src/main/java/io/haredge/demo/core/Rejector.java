package io.haredge.demo.core;

/**
 * When an answer is better left open: too little confidence, or a window unlike all that the model was trained on.
 *
 * <p>The second is asked of the window itself, as in {@code har_runtime/answers/rejection.py}: its mean and spread in each
 * channel and the length of its mean acceleration, against those of each activity's training windows (Mahalanobis
 * distance to the nearest one).
 */
final class Rejector {
    /** Numbers that a window is compared by. */
    static final int STATISTICS = 2 * Contract.CHANNEL_COUNT + 1;

    private static final double SPREAD_FLOOR = 0.02;

    private final Card.Rejection rejection;
    private final double[] statistics = new double[STATISTICS];

    Rejector(Card.Rejection rejection) {
        this.rejection = rejection;
    }

    /**
     * Why an answer is unknown; null where it is not.
     *
     * @param imu shape (50, 6)
     * @param confidence of the likeliest activity
     * @param smoothed whether that is the smoothing filter's, and not the window's alone
     */
    Reason judge(float[] imu, double confidence, boolean smoothed) {
        if (!(distance(imu) <= rejection.distance)) { // NaN is unlike anything too.
            return Reason.UNLIKE;
        }
        return confidence < (smoothed ? rejection.confidence : rejection.rawConfidence) ? Reason.UNSURE : null;
    }

    /** Distance of a window to the nearest activity's training windows, in standard deviations. */
    double distance(float[] imu) {
        measure(imu);
        double least = Double.POSITIVE_INFINITY;
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
            least = Math.min(least, sum); // NaN stays NaN.
        }
        return Math.sqrt(least);
    }

    private void measure(float[] imu) {
        double squares = 0;
        for (int channel = 0; channel < Contract.CHANNEL_COUNT; channel++) {
            double mean = Statistics.mean(imu, channel);
            statistics[channel] = mean;
            double spread = Statistics.spread(imu, channel, mean);
            statistics[Contract.CHANNEL_COUNT + channel] = Math.log(spread + SPREAD_FLOOR);
            squares += channel < 3 ? mean * mean : 0;
        }
        statistics[STATISTICS - 1] = Math.sqrt(squares);
    }
}
