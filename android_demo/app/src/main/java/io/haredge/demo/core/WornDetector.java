package io.haredge.demo.core;

/**
 * Whether anybody wears the phone: one that lies on a table moves less than any wearer, for ten minutes.
 *
 * <p>The rules and bounds are those of {@code har_runtime/answers/worn.py}: a window is still where its spread stays under what
 * sensors make of nothing, and its mean, which is the direction of gravity, stays where it was.
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

    /** Takes in the next window; whether somebody wears the phone, as far as can be told. */
    boolean step(float[] imu, long endNs) {
        boolean moved = moved(imu);
        boolean broken = started && !(endNs >= previousEndNs && endNs - previousEndNs <= MAX_BREAK_NS);
        if (!started || moved || broken || drifted()) {
            worn = true;
            still = 0;
            begin();
        }
        started = true;
        previousEndNs = endNs;
        still += moved ? 0 : 1;
        if (still >= PATIENCE_WINDOWS) {
            // Counted anew, so that a sensor that warms up over hours is not taken for one that moves.
            worn = false;
            still = 0;
            begin();
        }
        return worn;
    }

    private boolean moved(float[] imu) {
        boolean moved = false;
        for (int channel = 0; channel < Contract.CHANNEL_COUNT; channel++) {
            mean[channel] = Statistics.mean(imu, channel);
            double bound = channel < ACC_AXES ? STILL_SPREAD_ACC : STILL_SPREAD_GYRO;
            moved |= Statistics.spread(imu, channel, mean[channel]) > bound;
        }
        return moved;
    }

    /** Widens the range of the means by this window's; whether it is too wide now. */
    private boolean drifted() {
        boolean drifted = false;
        for (int axis = 0; axis < ACC_AXES; axis++) {
            low[axis] = Math.min(low[axis], mean[axis]);
            high[axis] = Math.max(high[axis], mean[axis]);
            drifted |= high[axis] - low[axis] > STILL_DRIFT_ACC;
        }
        return drifted;
    }

    private void begin() {
        System.arraycopy(mean, 0, low, 0, ACC_AXES);
        System.arraycopy(mean, 0, high, 0, ACC_AXES);
    }
}
