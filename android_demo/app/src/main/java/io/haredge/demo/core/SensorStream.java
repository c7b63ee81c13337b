package io.haredge.demo.core;

import java.util.ArrayDeque;
import java.util.Iterator;

/**
 * One sensor's stream: unusable samples are dropped and counted, the rest is cut into stretches without a gap.
 *
 * <p>A sample continues the stream if it is later than the newest one by 0.1 s at most. One that does not is set aside,
 * together with those that follow it, until the sensor has continued from there for half a second. Then the stream goes
 * on from there: after a gap, or, if the time is an earlier one, after the sensor's clock was set back. If the stream
 * returns to where it was before that, the samples set aside are dropped. These are the rules of
 * {@code har_runtime/signal/sensor_stream.py}.
 */
final class SensorStream {
    /** How much of one stream may wait for the other before its oldest samples are dropped. Limits the buffers. */
    static final long MAX_LEAD_NS = 60_000_000_000L;

    private static final int MAX_WAITING = 60_000;
    private static final long NEVER = -9_200_000_000_000_000_000L;
    private static final long CONFIRM_NS = Stretch.RATE_SPAN_NS;
    private static final int CONFIRM_SAMPLES = 1000;
    private static final long STUCK_NS = 1_000_000_000L;
    private static final long FULL_SCALE_NS = 50_000_000L;
    private static final int FULL_SCALE_SAMPLES = 4;

    final SensorReport report = new SensorReport();
    final ArrayDeque<Stretch> stretches = new ArrayDeque<>();
    /** How often the sensor's clock was set back. */
    int clock;
    /** The time that the clock showed when it was last set back; unset while {@code clock} is 0. */
    long setBackAtNs;

    private final double large;
    private final double largest;
    private final long[] asideTimes = new long[CONFIRM_SAMPLES];
    private final double[] asideValues = new double[3 * CONFIRM_SAMPLES];
    private int aside;
    private long newestNs = NEVER;
    private int returns;
    private final Repeats stuck = new Repeats(STUCK_NS, 2);
    private final Repeats[] fullScale = new Repeats[3];
    private boolean hasLast;
    private double lastX;
    private double lastY;
    private double lastZ;

    /**
     * @param large a reading that no posture gives, in the sensor's unit; only larger ones can be at full scale
     * @param largest samples with a larger reading are dropped
     */
    SensorStream(double large, double largest) {
        this.large = large;
        this.largest = largest;
        for (int axis = 0; axis < fullScale.length; axis++) {
            fullScale[axis] = new Repeats(FULL_SCALE_NS, FULL_SCALE_SAMPLES);
        }
    }

    void push(long timeNs, double x, double y, double z) {
        report.received++;
        boolean valid = Math.abs(x) <= largest && Math.abs(y) <= largest && Math.abs(z) <= largest; // Not with NaN.
        if (!(valid && timeNs > NEVER && timeNs < -NEVER)) {
            report.invalid++;
            return;
        }
        long ahead = timeNs - newestNs; // Negative on overflow: then the sample is set aside, as it should be.
        if (ahead > 0 && ahead <= Contract.MAX_GAP_NS) {
            extend(timeNs, x, y, z);
        } else {
            setAside(timeNs, x, y, z);
        }
    }

    /** The input has ended, at least for now. */
    void close() {
        if (aside > 0 && asideIsLater()) {
            acceptAside();
        } else {
            dropAside();
        }
        closeStretch();
    }

    /** The oldest stretch that can be used, once its rate is known; null if missing. */
    Stretch front() {
        while (!stretches.isEmpty() && stretches.peekFirst().rateIsKnown()) {
            Stretch stretch = stretches.peekFirst();
            if (stretch.usable() && !stretch.tooShort()) {
                return stretch;
            }
            if (!stretch.closed) { // Too slow, and not yet ended: drop its samples as they arrive.
                report.unpaired += stretch.keepNewest();
                return null;
            }
            dropFront();
        }
        return null;
    }

    /** Drops the oldest stretch because it cannot be used. */
    void dropFront() {
        report.unpaired += stretches.pollFirst().unused();
    }

    /** Drops all stretches. */
    void clear() {
        for (Stretch stretch : stretches) {
            if (stretch.untouched()) { // Otherwise the other sensor has only ended a little earlier.
                report.unpaired += stretch.size();
            }
        }
        stretches.clear();
    }

    /** Gives the sensor's newest clock this number, and drops the stretches on older ones. */
    void setClock(int number) {
        while (stretches.peekFirst().clock < clock) {
            dropFront();
        }
        clock = number;
        for (Stretch stretch : stretches) {
            stretch.clock = number;
        }
    }

    /** Drops the oldest samples that wait for the other sensor if they exceed MAX_LEAD_NS or MAX_WAITING. */
    void limitWaiting() {
        Stretch newest = stretches.peekLast();
        if (newest == null || (stretches.size() == 1 && fits(newest, MAX_LEAD_NS, MAX_WAITING))) {
            return;
        }
        long leftTimeNs = MAX_LEAD_NS;
        int left = MAX_WAITING;
        Stretch newer = null;
        for (Iterator<Stretch> newestFirst = stretches.descendingIterator(); newestFirst.hasNext(); ) {
            Stretch stretch = newestFirst.next();
            if (newer != null && (leftTimeNs <= 0 || left <= 0)) {
                dropBefore(newer);
                return;
            }
            if (!fits(stretch, leftTimeNs, left)) {
                dropBefore(stretch);
                int tooEarly = stretch.countBefore(stretch.newestNs() - leftTimeNs);
                report.unpaired += stretch.cut(Math.max(tooEarly, stretch.size() - left));
                return;
            }
            leftTimeNs -= stretch.newestNs() - stretch.oldestNs() + Contract.MAX_GAP_NS;
            left -= stretch.size();
            newer = stretch;
        }
    }

    private static boolean fits(Stretch stretch, long timeNs, int samples) {
        return stretch.newestNs() - stretch.oldestNs() <= timeNs && stretch.size() <= samples;
    }

    private void dropBefore(Stretch stretch) {
        while (stretches.peekFirst() != stretch) {
            dropFront();
        }
    }

    /** Whether the samples set aside are later than the newest sample of the stream. */
    private boolean asideIsLater() {
        return asideTimes[0] > newestNs;
    }

    /** Adds a sample that continues the stream. */
    private void extend(long timeNs, double x, double y, double z) {
        dropAside();
        Stretch stretch = stretches.peekLast();
        if (returns > 0 && stretch != null && !stretch.closed) {
            // The samples that were dropped may have taken longer than a gap, though the clock does not show it.
            double rateHz = stretch.rateSoFarHz();
            if (rateHz > 0 && returns * 1e9 / rateHz > Contract.MAX_GAP_NS) {
                report.gaps++;
                closeStretch();
            }
        }
        returns = 0;
        append(timeNs, x, y, z);
    }

    /** Keeps a sample that does not continue the stream, until it is clear what it belongs to. */
    private void setAside(long timeNs, double x, double y, double z) {
        if (aside > 0) {
            long last = asideTimes[aside - 1];
            if (asideTimes[0] <= timeNs && timeNs <= last) {
                drop(timeNs, last);
                return;
            }
            if (!(timeNs > last && (asideIsLater() || timeNs <= newestNs))) {
                dropAside();
            } else if (asideIsLater() && Long.compareUnsigned(timeNs - last, Contract.MAX_GAP_NS) > 0) {
                acceptAside(); // A second gap after the first.
            }
        }
        asideTimes[aside] = timeNs;
        asideValues[3 * aside] = x;
        asideValues[3 * aside + 1] = y;
        asideValues[3 * aside + 2] = z;
        aside++;
        if (Long.compareUnsigned(timeNs - asideTimes[0], CONFIRM_NS) >= 0 || aside >= CONFIRM_SAMPLES) {
            acceptAside();
        }
    }

    /** Drops the samples that were set aside. */
    private void dropAside() {
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

    /** Continues from the samples that were set aside, in a new stretch. */
    private void acceptAside() {
        if (asideIsLater()) {
            if (newestNs != NEVER) {
                report.gaps++;
            }
        } else {
            report.clockJumps++;
            clock++;
            setBackAtNs = newestNs;
        }
        closeStretch();
        returns = 0;
        int count = aside;
        aside = 0;
        for (int index = 0; index < count; index++) {
            if (index > 0 && asideTimes[index] - asideTimes[index - 1] > Contract.MAX_GAP_NS) {
                report.gaps++;
                closeStretch();
            }
            append(asideTimes[index], asideValues[3 * index], asideValues[3 * index + 1], asideValues[3 * index + 2]);
        }
    }

    /** Adds a sample to the open stretch, or to a new one. */
    private void append(long timeNs, double x, double y, double z) {
        Stretch stretch = stretches.peekLast();
        if (stretch == null || stretch.closed) {
            stretch = new Stretch(timeNs, clock);
            stretches.addLast(stretch);
            hasLast = false;
        }
        stretch.append(timeNs, x, y, z);
        newestNs = timeNs;
        noteRate(stretch);
        countRepeats(timeNs, x, y, z);
    }

    /** Counts readings that are stuck or stay at the end of the range. */
    private void countRepeats(long timeNs, double x, double y, double z) {
        boolean sameX = hasLast && x == lastX;
        boolean sameY = hasLast && y == lastY;
        boolean sameZ = hasLast && z == lastZ;
        hasLast = true;
        lastX = x;
        lastY = y;
        lastZ = z;
        report.stuck += stuck.push(timeNs, sameX && sameY && sameZ);
        report.fullScale += fullScale[0].push(timeNs, sameX && Math.abs(x) >= large)
                + fullScale[1].push(timeNs, sameY && Math.abs(y) >= large)
                + fullScale[2].push(timeNs, sameZ && Math.abs(z) >= large);
    }

    private void closeStretch() {
        Stretch stretch = stretches.peekLast();
        if (stretch != null && !stretch.closed) {
            stretch.close();
            noteRate(stretch);
        }
    }

    private void noteRate(Stretch stretch) {
        if (stretch.rateHz() > 0) {
            report.rateHz = stretch.rateHz();
        }
    }
}
