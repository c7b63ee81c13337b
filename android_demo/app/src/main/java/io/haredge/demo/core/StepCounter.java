package io.haredge.demo.core;

/**
 * Counts steps and finds the cadence by the length of acceleration alone, worn anywhere, any way up.
 *
 * <p>The rules and limits are those of {@code har_runtime/signal/steps.py}: the last two seconds are compared with what
 * came up to 1.7 s earlier, and nothing counts before four windows agree.
 */
public final class StepCounter {
    /** The cadence of a wearer who takes no steps. */
    public static final double NO_CADENCE = Double.NaN;

    private static final int TEMPLATE = 100;
    private static final int SHORTEST_DELAY = 10;
    private static final int LONGEST_DELAY = 84;
    private static final int SMOOTHED = 5;
    private static final double MIN_SPREAD = 0.6;
    private static final double[] SLOWEST_HZ = {1.2, 2.1};
    private static final double[] HARDNESS = {3.5, 6.5};
    private static final double START_LIKENESS = 0.5;
    private static final double KEEP_LIKENESS = 0.3;
    private static final double NEARLY = 0.85;
    private static final int CONFIRM = 4;
    private static final double AGREEMENT = 0.15;
    private static final int MAX_DOUBT = 4;
    private static final double HOP_S = (double) Contract.HOP / Contract.SAMPLE_RATE_HZ;
    private static final int SMOOTH = TEMPLATE + LONGEST_DELAY;

    private final double[] history = new double[SMOOTH + SMOOTHED - 1];
    private final double[] smooth = new double[SMOOTH];
    private final double[] alike = new double[LONGEST_DELAY - SHORTEST_DELAY + 1];
    /** Samples of the history that are known, the newest at its end. */
    private int known;
    private int segment = -1;
    private long nextNs;
    /** Steps a second of the bout, or of the windows that agree so far. */
    private double pace;
    /** Windows that agree; from {@code CONFIRM} on it is a bout. */
    private int agreeing;
    /** Windows in a row that have failed in the bout. */
    private int doubt;
    /** The part of a step that is not counted yet. */
    private double rest;
    private double foundPace;
    private double likeness;
    private int count;
    private double cadence = NO_CADENCE;

    /**
     * Adds the next window.
     *
     * @param imu shape (50, 6), acceleration in m/s^2, in any axes
     * @return steps taken since the window before; with the first ones of a bout those that led to it
     */
    public int step(int segment, long startNs, float[] imu) {
        count = 0;
        cadence = NO_CADENCE;
        boolean follows = segment == this.segment && startNs == nextNs;
        if (!follows) {
            known = 0; // After a gap nothing is known of what was before.
            endBout();
        }
        push(imu, follows ? Contract.WINDOW - Contract.HOP : 0);
        this.segment = segment;
        nextNs = startNs + Contract.HOP_NS;
        if (known == history.length) {
            findGait();
            if (agreeing < CONFIRM) {
                beforeBout();
            } else {
                inBout();
            }
        }
        return count;
    }

    /** Steps a minute at the end of the last window; {@code NO_CADENCE} if the wearer takes none. */
    public double cadence() {
        return cadence;
    }

    private void push(float[] imu, int from) {
        int added = Contract.WINDOW - from;
        System.arraycopy(history, added, history, 0, history.length - added);
        for (int index = 0; index < added; index++) {
            int at = (from + index) * Contract.CHANNEL_COUNT;
            double x = imu[at];
            double y = imu[at + 1];
            double z = imu[at + 2];
            history[history.length - added + index] = Math.sqrt(x * x + y * y + z * z);
        }
        known = Math.min(known + added, history.length);
    }

    private void endBout() {
        pace = 0;
        agreeing = 0;
        doubt = 0;
        rest = 0;
    }

    private boolean agrees() {
        return Math.abs(foundPace - pace) <= AGREEMENT * pace;
    }

    private void beforeBout() {
        if (likeness < START_LIKENESS) {
            endBout();
            return;
        }
        agreeing = agreeing > 0 && agrees() ? agreeing + 1 : 1;
        pace = foundPace;
        if (agreeing == CONFIRM) {
            // Not what came before the first of them: that makes up for the windows that still look like gait at the end.
            count((CONFIRM - 1) * HOP_S);
        }
    }

    private void inBout() {
        if (likeness < KEEP_LIKENESS) {
            doubt++;
            if (doubt > MAX_DOUBT || likeness < 0) {
                endBout();
            }
            return;
        }
        if (likeness >= START_LIKENESS || agrees()) {
            pace = foundPace;
        }
        int windows = 1 + doubt;
        doubt = 0;
        count(windows * HOP_S);
    }

    private void count(double seconds) {
        double total = rest + seconds * pace;
        count = (int) Math.floor(total);
        rest = total - count;
        cadence = 60 * pace;
    }

    /** Finds the steps a second, and how alike the strides are: -1 if hardly anything moves, 0 if nothing repeats. */
    private void findGait() {
        foundPace = 0;
        likeness = -1;
        smooth();
        double own = power(SMOOTH - TEMPLATE);
        if (!(own >= TEMPLATE * MIN_SPREAD * MIN_SPREAD)) {
            return;
        }
        for (int index = 0; index < alike.length; index++) {
            int begin = LONGEST_DELAY - SHORTEST_DELAY - index;
            double product = 0;
            for (int at = 0; at < TEMPLATE; at++) {
                product += smooth[begin + at] * smooth[SMOOTH - TEMPLATE + at];
            }
            alike[index] = 2 * product / (own + power(begin));
        }
        double best = 0;
        for (int index = 1; index < alike.length - 1; index++) {
            best = isPeak(index) ? Math.max(best, alike[index]) : best;
        }
        likeness = best;
        if (best <= 0) {
            return;
        }
        int at = 1;
        while (!isPeak(at) || alike[at] < NEARLY * best) {
            at++;
        }
        double before = alike[at - 1];
        double after = alike[at + 1];
        double delay = SHORTEST_DELAY + at + (before - after) / (2 * (before - 2 * alike[at] + after));
        foundPace = inRange(Contract.SAMPLE_RATE_HZ / delay, Math.sqrt(own / TEMPLATE));
    }

    /** A step, a stride or half a step a second, as the steps a second of a gait that shakes the phone this much. */
    private static double inRange(double hz, double spread) {
        double hardness = (spread - HARDNESS[0]) / (HARDNESS[1] - HARDNESS[0]);
        double slowest = SLOWEST_HZ[0] + (SLOWEST_HZ[1] - SLOWEST_HZ[0]) * Math.min(Math.max(hardness, 0), 1);
        double pace = hz;
        while (pace < slowest) {
            pace *= 2;
        }
        while (pace >= 2 * slowest) {
            pace /= 2;
        }
        return pace;
    }

    private boolean isPeak(int index) {
        return alike[index - 1] <= alike[index] && alike[index] > alike[index + 1];
    }

    private void smooth() {
        double mean = 0;
        for (int index = 0; index < SMOOTH; index++) {
            double sum = 0;
            for (int at = 0; at < SMOOTHED; at++) {
                sum += history[index + at];
            }
            smooth[index] = sum / SMOOTHED;
            mean += smooth[index] / SMOOTH;
        }
        for (int index = 0; index < SMOOTH; index++) {
            smooth[index] -= mean;
        }
    }

    private double power(int begin) {
        double sum = 0;
        for (int index = begin; index < begin + TEMPLATE; index++) {
            sum += smooth[index] * smooth[index];
        }
        return sum;
    }
}
