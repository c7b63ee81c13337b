package io.haredge.demo.core;

import java.util.Arrays;

/**
 * One sensor's samples between two gaps, and how they are read off at grid times.
 *
 * <p>A run near 50 Hz or slower is interpolated; a faster one goes through an anti-alias kernel that is evaluated at
 * the true sample times. Every value is computed by the operations of {@code har_runtime/signal/stretch.py} in their
 * order, so that it comes out the same to the last bit. No sample that is added allocates anything, once the buffers
 * have grown.
 */
final class Run {
    /** The rate of a run is measured over its first half second, before a first window could be complete anyway. */
    static final long RATE_SPAN_NS = 500_000_000L;
    private static final double FILTER_ABOVE_HZ = 1.1 * Contract.SAMPLE_RATE_HZ;
    private static final double SLOWEST_HZ = 0.95 * Contract.MIN_RATE_HZ;
    private static final int AXES = 3;
    private static final int FIRST_CAPACITY = 256;

    /** How often the sensor's clock had been set back. */
    int clock;
    boolean closed;
    private long startNs;
    private double rateHz = Double.NaN;
    private boolean used;
    /** Grid points before it were given out. */
    private long usedNs;
    private long[] times = new long[FIRST_CAPACITY];
    private double[] values = new double[FIRST_CAPACITY * AXES];
    private int begin;
    private int end;

    Run(long startNs, int clock) {
        this.startNs = startNs;
        this.clock = clock;
    }

    void append(long timeNs, double x, double y, double z) {
        if (end == times.length) {
            makeRoom();
        }
        times[end] = timeNs;
        values[AXES * end] = x;
        values[AXES * end + 1] = y;
        values[AXES * end + 2] = z;
        end++;
        if (Double.isNaN(rateHz) && timeNs >= startNs + RATE_SPAN_NS) {
            rateHz = rate();
        }
    }

    void close() {
        closed = true;
        if (Double.isNaN(rateHz)) {
            rateHz = rate();
        }
    }

    int size() {
        return end - begin;
    }

    long oldestNs() {
        return times[begin];
    }

    long newestNs() {
        return times[end - 1];
    }

    boolean rateIsKnown() {
        return !Double.isNaN(rateHz);
    }

    /** Hz; NaN where it is not known yet. */
    double rateHz() {
        return rateHz;
    }

    /** Its rate, even where it is too short to be sure of it. */
    double rateSoFarHz() {
        return rateIsKnown() ? rateHz : rate();
    }

    boolean usable() {
        return rateHz >= SLOWEST_HZ;
    }

    /** Whether it ended before anything could be made of it. */
    boolean tooShort() {
        return closed && lastNs() < startNs + marginNs();
    }

    /** The first time whose value can be had of the samples held. */
    long firstNs() {
        long first = startNs + marginNs();
        return used ? Math.max(first, usedNs) : first;
    }

    long lastNs() {
        return newestNs() - marginNs();
    }

    /** Samples held that no grid point was given out for, though one could be: not the overhang of the kernel. */
    int unused() {
        return used ? Math.max(0, firstFrom(lastNs() + 1) - firstFrom(usedNs)) : size();
    }

    /** Whether no grid point was given out at all. */
    boolean untouched() {
        return unused() == size();
    }

    /** Time for which the samples held in both lie side by side; negative where they do not. */
    long overlapNs(Run other) {
        return Math.min(newestNs(), other.newestNs()) - Math.max(oldestNs(), other.oldestNs());
    }

    /** The last time whose value no later sample can change, for a grid that stands at {@code gridNs}. */
    long finalUntil(long gridNs) {
        if (closed) {
            return lastNs();
        }
        if (size() < 2) {
            return firstNs() - 1;
        }
        long newest = newestNs();
        long before = times[end - 2];
        boolean onGrid = (newest - gridNs) % Contract.PERIOD_NS == 0 && newest - Contract.PERIOD_NS <= before;
        if (!filtered() && onGrid) {
            return newest; // A sample on the grid is the value itself: no need to wait for its neighbour.
        }
        return before - marginNs();
    }

    /** Drops the samples that no grid point from {@code gridNs} on needs. */
    void forgetBefore(long gridNs) {
        used = true;
        usedNs = gridNs;
        begin = Math.max(begin, firstFrom(gridNs - marginNs()) - 2);
    }

    /** Drops the first samples, as if the run began after them; returns how many of them were unused. */
    int cut(int count) {
        int before = unused();
        begin += count;
        startNs = times[begin];
        return before - unused();
    }

    /** Drops all samples but the newest; returns how many. */
    int keepNewest() {
        int dropped = size() - 1;
        begin = end - 1;
        return dropped;
    }

    /** Index, among the samples held, of the first one at {@code timeNs} or later. */
    int countBefore(long timeNs) {
        return firstFrom(timeNs) - begin;
    }

    /** The signal at a time that is final, into three entries of {@code out} from {@code at} on. */
    void read(long gridNs, float[] out, int at) {
        if (filtered()) {
            lowPass(gridNs, out, at);
        } else {
            interpolate(gridNs, out, at);
        }
    }

    /** Cubic Hermite interpolation; a tangent is the central difference over both neighbours. */
    private void interpolate(long gridNs, float[] out, int at) {
        int last = end - 1;
        int left = firstFrom(gridNs + 1) - 1;
        long offset = gridNs - times[left];
        if (offset == 0) {
            for (int axis = 0; axis < AXES; axis++) {
                out[at + axis] = (float) values[AXES * left + axis];
            }
            return;
        }
        int right = Math.min(left + 1, last);
        int before = Math.max(left - 1, begin);
        int after = Math.min(left + 2, last);
        double width = Math.max(times[right] - times[left], 1);
        double widthLeft = Math.max(times[right] - times[before], 1);
        double widthRight = Math.max(times[after] - times[left], 1);
        double u = offset / width;
        double u2 = u * u;
        double u3 = u * u * u;
        for (int axis = 0; axis < AXES; axis++) {
            double valueLeft = values[AXES * left + axis];
            double valueRight = values[AXES * right + axis];
            double tangentLeft = (valueRight - values[AXES * before + axis]) / widthLeft * width;
            double tangentRight = (values[AXES * after + axis] - valueLeft) / widthRight * width;
            out[at + axis] = (float)
                    ((2 * u3 - 3 * u2 + 1) * valueLeft
                            + (u3 - 2 * u2 + u) * tangentLeft
                            + (3 * u2 - 2 * u3) * valueRight
                            + (u3 - u2) * tangentRight);
        }
    }

    /** Convolution with the anti-alias kernel, as a quadrature over the true sample times, gain 1 at 0 Hz. */
    private void lowPass(long gridNs, float[] out, int at) {
        int first = firstFrom(gridNs - AntiAlias.HALF_WIDTH_NS);
        int stop = firstFrom(gridNs + AntiAlias.HALF_WIDTH_NS + 1);
        double totalX = 0.0;
        double totalY = 0.0;
        double totalZ = 0.0;
        double weights = 0.0;
        for (int index = first; index < stop; index++) {
            // Time each sample stands for, twice over.
            double span = index == begin
                    ? times[begin + 1] - times[begin]
                    : index == end - 1 ? times[index] - times[index - 1] : times[index + 1] - times[index - 1];
            double weight = AntiAlias.at(Math.abs(times[index] - gridNs)) * span;
            totalX += weight * values[AXES * index];
            totalY += weight * values[AXES * index + 1];
            totalZ += weight * values[AXES * index + 2];
            weights += weight;
        }
        out[at] = (float) (totalX / weights);
        out[at + 1] = (float) (totalY / weights);
        out[at + 2] = (float) (totalZ / weights);
    }

    private boolean filtered() {
        return rateHz > FILTER_ABOVE_HZ;
    }

    /** Time lost at each end of the run, where the kernel would hang over. */
    private long marginNs() {
        return filtered() ? AntiAlias.HALF_WIDTH_NS : 0;
    }

    private double rate() {
        return size() > 1 ? (size() - 1) * 1e9 / (newestNs() - oldestNs()) : 0.0;
    }

    private int firstFrom(long timeNs) {
        int found = Arrays.binarySearch(times, begin, end, timeNs);
        return found >= 0 ? found : -found - 1; // Times increase strictly: what is found is the only one.
    }

    private void makeRoom() {
        int size = size();
        if (begin > times.length / 2) {
            System.arraycopy(times, begin, times, 0, size);
            System.arraycopy(values, AXES * begin, values, 0, AXES * size);
        } else {
            times = Arrays.copyOf(Arrays.copyOfRange(times, begin, end), 2 * times.length);
            values = Arrays.copyOf(Arrays.copyOfRange(values, AXES * begin, AXES * end), 2 * values.length);
        }
        begin = 0;
        end = size;
    }
}
