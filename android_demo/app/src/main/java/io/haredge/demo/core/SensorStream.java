package io.haredge.demo.core;

import java.util.ArrayDeque;
import java.util.Iterator;

/**
 * One sensor's stream: what cannot be used is dropped and counted, the rest is cut into runs.
 *
 * <p>A sample belongs to the clock it follows: later than the newest sample by 0.1 s at most. One that does not is kept
 * aside, with what follows it, until the sensor has gone on from there for half a second; then that is its clock, as
 * after a gap, or as after a restart of the sensor where the time is an earlier one. If instead the stream returns to
 * where it was, what was kept aside is dropped. These are the rules of {@code har_runtime/signal/sensor_stream.py}.
 */
final class SensorStream {
    /** How much of one stream may wait for the other before its oldest samples are dropped: bounds the buffers. */
    static final long MAX_LEAD_NS = 60_000_000_000L;

    private static final int MAX_WAITING = 60_000;
    private static final long NEVER = -9_200_000_000_000_000_000L;
    private static final long BELIEF_NS = Run.RATE_SPAN_NS;
    private static final int BELIEF_SAMPLES = 1000;
    private static final long STUCK_NS = 1_000_000_000L;
    private static final long FULL_SCALE_NS = 50_000_000L;
    private static final int FULL_SCALE_SAMPLES = 4;

    final SensorReport report = new SensorReport();
    final ArrayDeque<Run> runs = new ArrayDeque<>();
    /** How often the sensor's clock was set back. */
    int clock;
    /** The time it showed when it was last set back; of no meaning while {@code clock} is 0. */
    long leftNs;

    private final double large;
    private final long[] asideTimes = new long[BELIEF_SAMPLES];
    private final double[] asideValues = new double[3 * BELIEF_SAMPLES];
    private int aside;
    private long newestNs = NEVER;
    private int returns;
    private final Streak stuck = new Streak(STUCK_NS, 2);
    private final Streak[] fullScale = new Streak[3];
    private boolean hasLast;
    private double lastX;
    private double lastY;
    private double lastZ;

    /** @param large a reading that no posture gives, in the sensor's unit: only above it is an axis at full scale */
    SensorStream(double large) {
        this.large = large;
        for (int axis = 0; axis < fullScale.length; axis++) {
            fullScale[axis] = new Streak(FULL_SCALE_NS, FULL_SCALE_SAMPLES);
        }
    }

    void take(long timeNs, double x, double y, double z) {
        report.received++;
        if (!(isFinite(x) && isFinite(y) && isFinite(z) && timeNs > NEVER && timeNs < -NEVER)) {
            report.notFinite++;
            return;
        }
        long ahead = timeNs - newestNs; // Where it overflows it is negative, and the sample in doubt as it should be.
        if (ahead > 0 && ahead <= Contract.MAX_GAP_NS) {
            follow(timeNs, x, y, z);
        } else {
            doubt(timeNs, x, y, z);
        }
    }

    /** The input has ended, at least for now. */
    void close() {
        if (aside > 0 && isAhead()) {
            believe();
        } else {
            forsake();
        }
        closeRun();
    }

    /** The oldest run that can be used, once its rate is known; null where there is none. */
    Run front() {
        while (!runs.isEmpty() && runs.peekFirst().rateIsKnown()) {
            Run run = runs.peekFirst();
            if (run.usable() && !run.tooShort()) {
                return run;
            }
            if (!run.closed) { // Too slow, and still coming in: keep the run as the place to drop it to.
                report.unpaired += run.keepNewest();
                return null;
            }
            dropFront();
        }
        return null;
    }

    /** Drops the oldest run, as nothing can be made of it. */
    void dropFront() {
        report.unpaired += runs.pollFirst().unused();
    }

    /** Drops all runs. */
    void clear() {
        for (Run run : runs) {
            if (run.untouched()) { // Else the other sensor has just ended a little earlier.
                report.unpaired += run.size();
            }
        }
        runs.clear();
    }

    /** Makes the sensor's newest clock the one of that number, and drops the runs on older ones. */
    void setClock(int number) {
        while (runs.peekFirst().clock < clock) {
            dropFront();
        }
        clock = number;
        for (Run run : runs) {
            run.clock = number;
        }
    }

    /** Drops the oldest of what waits for the other sensor where it is more than a minute. */
    void bound() {
        Run newest = runs.peekLast();
        if (newest == null || (runs.size() == 1 && fits(newest, MAX_LEAD_NS, MAX_WAITING))) {
            return;
        }
        long leftTimeNs = MAX_LEAD_NS;
        int left = MAX_WAITING;
        Run newer = null;
        for (Iterator<Run> newestFirst = runs.descendingIterator(); newestFirst.hasNext(); ) {
            Run run = newestFirst.next();
            if (newer != null && (leftTimeNs <= 0 || left <= 0)) {
                dropBefore(newer);
                return;
            }
            if (!fits(run, leftTimeNs, left)) {
                dropBefore(run);
                report.unpaired += run.cut(Math.max(run.countBefore(run.newestNs() - leftTimeNs), run.size() - left));
                return;
            }
            leftTimeNs -= run.newestNs() - run.oldestNs() + Contract.MAX_GAP_NS;
            left -= run.size();
            newer = run;
        }
    }

    private static boolean fits(Run run, long timeNs, int samples) {
        return run.newestNs() - run.oldestNs() <= timeNs && run.size() <= samples;
    }

    private void dropBefore(Run run) {
        while (runs.peekFirst() != run) {
            dropFront();
        }
    }

    /** Whether what was kept aside is later than the newest sample. */
    private boolean isAhead() {
        return asideTimes[0] > newestNs;
    }

    /** A sample that goes on from the newest one. */
    private void follow(long timeNs, double x, double y, double z) {
        forsake();
        Run run = runs.peekLast();
        if (returns > 0 && run != null && !run.closed) {
            // The samples that could not be used may have taken longer than a gap, though the clock does not show it.
            double rateHz = run.rateSoFarHz();
            if (rateHz > 0 && returns * 1e9 / rateHz > Contract.MAX_GAP_NS) {
                report.gaps++;
                closeRun();
            }
        }
        returns = 0;
        append(timeNs, x, y, z);
    }

    /** A sample that does not go on from the newest one. */
    private void doubt(long timeNs, double x, double y, double z) {
        if (aside > 0) {
            long last = asideTimes[aside - 1];
            if (asideTimes[0] <= timeNs && timeNs <= last) {
                drop(timeNs, last);
                return;
            }
            if (!(timeNs > last && (isAhead() || timeNs <= newestNs))) {
                forsake();
            } else if (isAhead() && Long.compareUnsigned(timeNs - last, Contract.MAX_GAP_NS) > 0) {
                believe(); // Later once more: after a gap came another.
            }
        }
        asideTimes[aside] = timeNs;
        asideValues[3 * aside] = x;
        asideValues[3 * aside + 1] = y;
        asideValues[3 * aside + 2] = z;
        aside++;
        if (Long.compareUnsigned(timeNs - asideTimes[0], BELIEF_NS) >= 0 || aside >= BELIEF_SAMPLES) {
            believe();
        }
    }

    /** Drops what was kept aside. */
    private void forsake() {
        for (int index = 0; index < aside; index++) {
            drop(asideTimes[index], newestNs);
        }
        aside = 0;
    }

    private void drop(long timeNs, long newest) {
        if (timeNs == newest) {
            report.duplicate++;
            return;
        }
        returns++;
        if (timeNs < newest) {
            report.outOfOrder++;
        } else {
            report.stray++;
        }
    }

    /** Goes on from what was kept aside, in a new run. */
    private void believe() {
        if (isAhead()) {
            if (newestNs != NEVER) {
                report.gaps++;
            }
        } else {
            report.clockJumps++;
            clock++;
            leftNs = newestNs;
        }
        closeRun();
        returns = 0;
        int count = aside;
        aside = 0;
        for (int index = 0; index < count; index++) {
            if (index > 0 && asideTimes[index] - asideTimes[index - 1] > Contract.MAX_GAP_NS) {
                report.gaps++;
                closeRun();
            }
            append(asideTimes[index], asideValues[3 * index], asideValues[3 * index + 1], asideValues[3 * index + 2]);
        }
    }

    /** Adds a sample to the open run, or to a new one. */
    private void append(long timeNs, double x, double y, double z) {
        Run run = runs.peekLast();
        if (run == null || run.closed) {
            run = new Run(timeNs, clock);
            runs.addLast(run);
            hasLast = false;
        }
        run.append(timeNs, x, y, z);
        newestNs = timeNs;
        noteRate(run);
        watch(timeNs, x, y, z);
    }

    /** Counts readings that stick, or stay at the end of the range. */
    private void watch(long timeNs, double x, double y, double z) {
        boolean sameX = hasLast && x == lastX;
        boolean sameY = hasLast && y == lastY;
        boolean sameZ = hasLast && z == lastZ;
        hasLast = true;
        lastX = x;
        lastY = y;
        lastZ = z;
        report.stuck += stuck.add(timeNs, sameX && sameY && sameZ);
        report.fullScale += fullScale[0].add(timeNs, sameX && Math.abs(x) >= large)
                + fullScale[1].add(timeNs, sameY && Math.abs(y) >= large)
                + fullScale[2].add(timeNs, sameZ && Math.abs(z) >= large);
    }

    private void closeRun() {
        Run run = runs.peekLast();
        if (run != null && !run.closed) {
            run.close();
            noteRate(run);
        }
    }

    private void noteRate(Run run) {
        if (run.rateHz() > 0) {
            report.rateHz = run.rateHz();
        }
    }

    private static boolean isFinite(double value) {
        return !Double.isNaN(value) && !Double.isInfinite(value);
    }
}
