package io.haredge.demo.core;

/**
 * Decides whether a window is unlike all training data.
 *
 * <p>That follows from the window itself, as in {@code har_runtime/answers/rejection.py}: a few statistics are compared
 * with those of groups of training windows (Mahalanobis distance to the nearest group).
 */
final class Rejector {
    /** How many numbers describe a window in the axes of the phone. */
    static final int STATISTICS = 2 * Contract.CHANNEL_COUNT + 1;
    /** How many numbers describe a window in the frame upright. */
    static final int UPRIGHT_STATISTICS = 7;

    private static final double SPREAD_FLOOR = 0.02;

    private final Rejection rejection;
    private final boolean upright;
    private final double[] statistics;

    /** @param upright whether windows have been turned so that the wearer's up is +z */
    Rejector(Rejection rejection, boolean upright) {
        this.rejection = rejection;
        this.upright = upright;
        statistics = new double[upright ? UPRIGHT_STATISTICS : STATISTICS];
    }

    /** Whether a window, shape (50, 6), is unlike everything that the model was trained on. */
    boolean isUnlike(float[] imu) {
        return !(distance(imu) <= rejection.distance); // True for NaN too.
    }

    /** Distance of a window to the nearest group of training windows, in standard deviations. */
    double distance(float[] imu) {
        if (upright) {
            measureUpright(imu);
        } else {
            measure(imu);
        }
        double smallest = Double.POSITIVE_INFINITY;
        for (int group = 0; group < rejection.means.length; group++) {
            double[] means = rejection.means[group];
            double[] whitening = rejection.whitening[group];
            double sum = 0;
            int at = 0;
            for (int row = 0; row < statistics.length; row++) {
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

    /**
     * Of the acceleration alone, and only what no turn about the vertical changes: the mean of the vertical part and
     * the length of the mean horizontal part; of both parts the logarithms of the standard deviation and of the
     * differences between neighbours; and the length of the mean acceleration.
     */
    private void measureUpright(float[] imu) {
        double x = Statistics.mean(imu, 0);
        double y = Statistics.mean(imu, 1);
        double z = Statistics.mean(imu, 2);
        statistics[0] = z;
        statistics[1] = Math.hypot(x, y);
        statistics[2] = logarithm(Statistics.power(imu, 2, z));
        statistics[3] = logarithm(Statistics.power(imu, 0, x) + Statistics.power(imu, 1, y));
        statistics[4] = logarithm(Statistics.stepPower(imu, 2));
        statistics[5] = logarithm(Statistics.stepPower(imu, 0) + Statistics.stepPower(imu, 1));
        statistics[6] = Math.sqrt(x * x + y * y + z * z);
    }

    private static double logarithm(double power) {
        return Math.log(Math.sqrt(power) + SPREAD_FLOOR);
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
