package io.haredge.demo.core;

import java.util.Arrays;

/**
 * Finds from the wearer's gait which way is up, and turns each window so that it is +z.
 *
 * <p>While somebody walks, the mean acceleration is gravity as the phone feels it on an upright body. Until gait has
 * shown that, each window is turned by its own gravity. Rules and limits are those of
 * {@code har_runtime/signal/upright.py}, the arithmetic is float64 as there.
 */
final class UprightTracker {
    /** m/s^2, standard deviation of the magnitude of acceleration while walking or on stairs. */
    private static final double[] GAIT_SPREAD = {1.0, 6.0};
    /** Steps a second: the strongest frequency of that magnitude. Running is faster, and less steady. */
    private static final double[] GAIT_HZ = {1.2, 2.4};
    /** m/s^2, length of the mean acceleration over a second of gait. */
    private static final double[] GAIT_GRAVITY = {7.0, 13.0};
    private static final int FOUND_AFTER = 8;
    /** Windows of gait that agree with each other but not with the reference: then the phone sits another way. */
    private static final int MOVED_AFTER = 12;
    /** Times as many windows as these, within which they must come. */
    private static final int WITHIN = 3;
    private static final int HISTORY = WITHIN * MOVED_AFTER;
    private static final double AGREEMENT_DEGREES = 15.0;
    private static final double MOVED_DEGREES = 45.0;
    /** Weight of the earlier windows of gait when one is added. */
    private static final double FORGETTING = 0.99;
    /** Windows of gait that a reference from outside weighs as much as. */
    private static final double GIVEN_WEIGHT = 40.0;
    /** m/s^2. A mean acceleration shorter than this has no direction. */
    private static final double FREE_FALL = 1.0;
    /** The third part of a unit vector that is nearly -z. */
    private static final double NEARLY_DOWN = -0.99;

    private static final int AXES = 3;
    /** Frequencies compared, in fifths of a hertz: 0.6 to 8 Hz. */
    private static final int FIRST_FIFTH = 3;
    private static final int LAST_FIFTH = 40;
    private static final double[][] COSINES = new double[LAST_FIFTH - FIRST_FIFTH + 1][Contract.WINDOW];
    private static final double[][] SINES = new double[COSINES.length][Contract.WINDOW];

    static {
        for (int index = 0; index < COSINES.length; index++) {
            for (int row = 0; row < Contract.WINDOW; row++) {
                double phase = 2 * Math.PI * hertz(index) * row / Contract.SAMPLE_RATE_HZ;
                COSINES[index][row] = Math.cos(phase);
                SINES[index][row] = Math.sin(phase);
            }
        }
    }

    private final float[] turned = new float[Contract.WINDOW * Contract.CHANNEL_COUNT];
    private final double[] magnitude = new double[Contract.WINDOW];
    private final double[] mean = new double[AXES];
    /** The direction of the newest window's own gravity. */
    private final double[] own = {0, 0, 1};
    private final double[] sum = new double[AXES];
    private final double[] total = new double[AXES];
    /** The newest windows: the direction of those with gait. */
    private final double[][] directions = new double[HISTORY][AXES];
    private final boolean[] gait = new boolean[HISTORY];
    private final double[][] recent = new double[MOVED_AFTER][];
    private int newest = HISTORY - 1;
    /** Null until it is known. */
    private Up up;
    private Up windowUp;
    private boolean started;
    private long previousStartNs;

    /** @param up which way is up; null if that is not known yet */
    UprightTracker(Up up) {
        this.up = up;
        if (up != null) {
            sum[0] = GIVEN_WEIGHT * up.x;
            sum[1] = GIVEN_WEIGHT * up.y;
            sum[2] = GIVEN_WEIGHT * up.z;
        }
    }

    /** Which way is up; null until it is known. */
    Up up() {
        return up;
    }

    /** What the newest window was turned by; null before the first. */
    Up windowUp() {
        return windowUp;
    }

    /**
     * Adds the next window.
     *
     * @param startNs time of the window's first sample
     * @param imu shape (50, 6), axes of the phone
     * @return the window turned, shape (50, 6); the array is reused for the next window
     */
    float[] step(long startNs, float[] imu) {
        if (started && Math.abs(startNs - (previousStartNs + Contract.HOP_NS)) > Contract.HOP_NS) {
            forgetGait(); // After a gap the phone may sit otherwise: only what follows may agree with itself.
        }
        started = true;
        previousStartNs = startNs;
        for (int axis = 0; axis < AXES; axis++) {
            mean[axis] = Statistics.mean(imu, axis);
        }
        double length = length(mean);
        if (length >= FREE_FALL) {
            for (int axis = 0; axis < AXES; axis++) {
                own[axis] = mean[axis] / length;
            }
        }
        newest = (newest + 1) % HISTORY;
        gait[newest] = length >= GAIT_GRAVITY[0] && length <= GAIT_GRAVITY[1] && isGait(imu);
        if (gait[newest]) {
            System.arraycopy(own, 0, directions[newest], 0, AXES);
            learn();
        }
        windowUp = up != null ? up : new Up(own[0], own[1], own[2], Up.Found.WINDOW);
        turn(imu, windowUp);
        return turned;
    }

    /** Uses the newest window, which has gait. */
    private void learn() {
        if (up != null && degrees(own, up) <= MOVED_DEGREES) {
            for (int axis = 0; axis < AXES; axis++) {
                sum[axis] = FORGETTING * sum[axis] + own[axis];
            }
            up = direction(sum, length(sum), up.found);
        }
        int wanted = up == null ? FOUND_AFTER : MOVED_AFTER;
        if (!findRecent(wanted)) {
            return;
        }
        for (int axis = 0; axis < AXES; axis++) {
            total[axis] = 0;
            for (int index = 0; index < wanted; index++) {
                total[axis] += recent[index][axis];
            }
        }
        Up agreed = direction(total, Math.max(length(total), FREE_FALL), Up.Found.GAIT);
        double angles = 0;
        for (int index = 0; index < wanted; index++) {
            angles += degrees(recent[index], agreed);
        }
        if (angles / wanted > AGREEMENT_DEGREES) {
            return;
        }
        if (up == null || degrees(agreed, up) > MOVED_DEGREES) {
            System.arraycopy(total, 0, sum, 0, AXES);
            up = agreed;
            forgetGait();
        }
    }

    /** Finds the last windows of gait, the oldest first; false if there are too few. */
    private boolean findRecent(int wanted) {
        int missing = wanted;
        for (int back = 0; back < WITHIN * wanted && missing > 0; back++) {
            int index = Math.floorMod(newest - back, HISTORY);
            if (gait[index]) {
                recent[--missing] = directions[index];
            }
        }
        return missing == 0;
    }

    private void forgetGait() {
        Arrays.fill(gait, false);
    }

    /** Whether a window looks like steps, by the magnitude of acceleration alone. */
    private boolean isGait(float[] imu) {
        double average = 0;
        for (int row = 0; row < Contract.WINDOW; row++) {
            double squares = 0;
            for (int axis = 0; axis < AXES; axis++) {
                double value = imu[row * Contract.CHANNEL_COUNT + axis];
                squares += value * value;
            }
            magnitude[row] = Math.sqrt(squares);
            average += magnitude[row];
        }
        average /= Contract.WINDOW;
        double squares = 0;
        for (int row = 0; row < Contract.WINDOW; row++) {
            magnitude[row] -= average;
            squares += magnitude[row] * magnitude[row];
        }
        double spread = Math.sqrt(squares / Contract.WINDOW);
        if (!(spread >= GAIT_SPREAD[0] && spread <= GAIT_SPREAD[1])) {
            return false;
        }
        double hertz = strongestHertz();
        return hertz >= GAIT_HZ[0] && hertz <= GAIT_HZ[1];
    }

    private double strongestHertz() {
        int strongest = 0;
        double most = -1;
        for (int index = 0; index < COSINES.length; index++) {
            double cosine = 0;
            double sine = 0;
            for (int row = 0; row < Contract.WINDOW; row++) {
                cosine += COSINES[index][row] * magnitude[row];
                sine += SINES[index][row] * magnitude[row];
            }
            double power = cosine * cosine + sine * sine;
            if (power > most) {
                most = power;
                strongest = index;
            }
        }
        return hertz(strongest);
    }

    private static double hertz(int index) {
        return (FIRST_FIFTH + index) / 5.0;
    }

    /** Turns both sensors by the smallest rotation that takes {@code up} to +z; for -z half a turn about x. */
    private void turn(float[] imu, Up up) {
        double x = up.x;
        double y = up.y;
        double z = up.z;
        boolean upsideDown = z < -1 + 1e-12;
        // Rodrigues' formula; the axis is up x z = (y, -x, 0). Near upside down 1 + z has lost the digits of x and y.
        double share = upsideDown ? 0 : z < NEARLY_DOWN ? (1 - z) / (x * x + y * y) : 1 / (1 + z);
        for (int at = 0; at < imu.length; at += AXES) {
            double first = imu[at];
            double second = imu[at + 1];
            double third = imu[at + 2];
            if (upsideDown) {
                turned[at] = (float) first;
                turned[at + 1] = (float) -second;
                turned[at + 2] = (float) -third;
            } else {
                turned[at] = (float) ((1 - share * x * x) * first + -share * x * y * second + -x * third);
                turned[at + 1] = (float) (-share * x * y * first + (1 - share * y * y) * second + -y * third);
                turned[at + 2] = (float) (x * first + y * second + z * third);
            }
        }
    }

    private static Up direction(double[] vector, double length, Up.Found found) {
        return new Up(vector[0] / length, vector[1] / length, vector[2] / length, found);
    }

    private static double length(double[] vector) {
        return Math.sqrt(vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2]);
    }

    private static double degrees(double[] one, Up other) {
        return degrees(one[0] * other.x + one[1] * other.y + one[2] * other.z);
    }

    private static double degrees(Up one, Up other) {
        return degrees(one.x * other.x + one.y * other.y + one.z * other.z);
    }

    private static double degrees(double cosine) {
        return Math.toDegrees(Math.acos(Math.max(-1, Math.min(1, cosine))));
    }
}
