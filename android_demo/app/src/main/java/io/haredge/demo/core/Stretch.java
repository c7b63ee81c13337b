package io.haredge.demo.core;

import java.util.Arrays;

/**
 * One sensor's samples between two gaps, and the signal at grid times computed from them.
 *
 * <p>A stretch near 50 Hz or slower is interpolated; a faster one passes an anti-alias kernel, evaluated at the true
 * sample times. The operations and their order are those of {@code har_runtime/signal/stretch.py}, so that the values
 * are the same to the last bit. Adding a sample allocates nothing once the buffers have grown.
 */
final class Stretch {
    /** The rate is measured over the first half second, before the first window can be complete. */
    static final long RATE_SPAN_NS = 500_000_000L;
    private static final double FILTER_ABOVE_HZ = 1.1 * Contract.SAMPLE_RATE_HZ;
    private static final double SLOWEST_HZ = 0.95 * Contract.MIN_RATE_HZ;
    private static final int AXES = 3;
    private static final int INITIAL_CAPACITY = 256;

    /** How often the sensor's clock had been set back. */
    int clock;
    boolean closed;
    private long startNs;
    private double rateHz = Double.NaN;
    private boolean used;
    /** Grid points before this time were returned. */
    private long usedNs;
    private long[] times = new long[INITIAL_CAPACITY];
    private double[] values = new double[INITIAL_CAPACITY * AXES];
    private int begin;
    private int end;

    Stretch(long startNs, int clock) {
        this.startNs = startNs;
        this.clock = clock;
    }

    void append(long timeNs, double x, double y, double z) {
        if (end == times.length) {
            grow();
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

    /** Hz; NaN if it is not known yet. */
    double rateHz() {
        return rateHz;
    }

    /** The rate, even if the stretch is too short to measure it reliably. */
    double rateSoFarHz() {
        return rateIsKnown() ? rateHz : rate();
    }

    boolean usable() {
        return rateHz >= SLOWEST_HZ;
    }

    /** Whether the stretch ended before any grid point could be computed. */
    boolean tooShort() {
        return closed && lastNs() < startNs + marginNs();
    }

    /** The first time whose value can be computed from the samples held. */
    long firstNs() {
        long first = startNs + marginNs();
        return used ? Math.max(first, usedNs) : first;
    }

    long lastNs() {
        return newestNs() - marginNs();
    }

    /** Samples held for which no grid point was returned, though one could be: without the kernel's overhang. */
    int unused() {
        return used ? Math.max(0, firstFrom(lastNs() + 1) - firstFrom(usedNs)) : size();
    }

    /** Whether no grid point was returned at all. */
    boolean untouched() {
        return unused() == size();
    }

    /** Time for which both hold samples; negative if their times do not overlap. */
    long overlapNs(Stretch other) {
        return Math.min(newestNs(), other.newestNs()) - Math.max(oldestNs(), other.oldestNs());
    }

    /** The last time whose value no later sample can change, for a grid whose next point is {@code gridNs}. */
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
            return newest; // A sample on the grid is the value itself and needs no later neighbour.
        }
        return before - marginNs();
    }

    /** Drops the samples that no grid point from {@code gridNs} on needs. */
    void forgetBefore(long gridNs) {
        used = true;
        usedNs = gridNs;
        begin = Math.max(begin, firstFrom(gridNs - marginNs()) - 2);
    }

    /** Drops the first samples, as if the stretch began after them; returns how many of them were unused. */
    int cut(int count) {
        int before = unused();
        begin += count;
        startNs = times[begin];
        return before - unused();
    }

    /** Drops all samples but the newest; returns how many were dropped. */
    int keepNewest() {
        int dropped = size() - 1;
        begin = end - 1;
        return dropped;
    }

    /** Index, among the samples held, of the first one at {@code timeNs} or later. */
    int countBefore(long timeNs) {
        return firstFrom(timeNs) - begin;
    }

    /** Writes the signal at a final time into three entries of {@code out}, starting at {@code at}. */
    void read(long gridNs, float[] out, int at) {
        if (filtered()) {
            lowPass(gridNs, out, at);
        } else {
            interpolate(gridNs, out, at);
        }
    }

    /** Cubic Hermite interpolation; each tangent is the central difference over both neighbours. */
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
            // Twice the time that the sample stands for.
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

    /** Time lost at each end of the stretch, where the kernel would reach beyond it. */
    private long marginNs() {
        return filtered() ? AntiAlias.HALF_WIDTH_NS : 0;
    }

    private double rate() {
        return size() > 1 ? (size() - 1) * 1e9 / (newestNs() - oldestNs()) : 0.0;
    }

    private int firstFrom(long timeNs) {
        int found = Arrays.binarySearch(times, begin, end, timeNs);
        return found >= 0 ? found : -found - 1; // Times increase strictly, so a match is the only one.
    }

    private void grow() {
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
