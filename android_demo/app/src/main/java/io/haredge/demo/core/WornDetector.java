package io.haredge.demo.core;

/**
 * Detects whether somebody wears the phone: one on a table moves less for ten minutes than any wearer does.
 *
 * <p>The rules and limits are those of {@code har_runtime/answers/worn.py}: a window is still if its standard deviation
 * stays within sensor noise, and if its mean, which is the direction of gravity, stays where it was.
 */
final class WornDetector {
    private static final double STILL_SPREAD_ACC = 0.13;
    private static final double STILL_SPREAD_GYRO = 0.02;
    private static final double STILL_DRIFT_ACC = 0.05;
    private static final int PATIENCE_WINDOWS = 10 * 60 * Contract.SAMPLE_RATE_HZ / Contract.HOP;
    private static final long MAX_BREAK_NS = 5_000_000_000L;
    private static final int ACC_AXES = 3;

    private final double[] low = new double[ACC_AXES];
    private final double[] high = new double[ACC_AXES];
    private final double[] mean = new double[Contract.CHANNEL_COUNT];
    private boolean worn = true;
    private boolean started;
    private int still;
    private long previousEndNs;

    /**
     * Adds the next window.
     *
     * @param imu shape (50, 6)
     * @param endNs time of the window's last sample
     * @return whether somebody seems to wear the phone
     */
    boolean step(float[] imu, long endNs) {
        boolean moved = moved(imu);
        boolean broken = started && !(endNs >= previousEndNs && endNs - previousEndNs <= MAX_BREAK_NS);
        if (!started || moved || broken || drifted()) {
            worn = true;
            still = 0;
            restart();
        }
        started = true;
        previousEndNs = endNs;
        still += moved ? 0 : 1;
        if (still >= PATIENCE_WINDOWS) {
            // Count again from here, so that the drift of a warming sensor does not look like movement.
            worn = false;
            still = 0;
            restart();
        }
        return worn;
    }

    private boolean moved(float[] imu) {
        boolean moved = false;
        for (int channel = 0; channel < Contract.CHANNEL_COUNT; channel++) {
            mean[channel] = Statistics.mean(imu, channel);
            double bound = channel < ACC_AXES ? STILL_SPREAD_ACC : STILL_SPREAD_GYRO;
            moved |= Statistics.deviation(imu, channel, mean[channel]) > bound;
        }
        return moved;
    }

    /** Extends the range of the means by this window; true if it is too wide now. */
    private boolean drifted() {
        boolean drifted = false;
        for (int axis = 0; axis < ACC_AXES; axis++) {
            low[axis] = Math.min(low[axis], mean[axis]);
            high[axis] = Math.max(high[axis], mean[axis]);
            drifted |= high[axis] - low[axis] > STILL_DRIFT_ACC;
        }
        return drifted;
    }

    private void restart() {
        System.arraycopy(mean, 0, low, 0, ACC_AXES);
        System.arraycopy(mean, 0, high, 0, ACC_AXES);
    }
}
