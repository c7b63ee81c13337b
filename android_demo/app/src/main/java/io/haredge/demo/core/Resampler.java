package io.haredge.demo.core;

/**
 * Accelerometer and gyroscope of any rate from 20 Hz on, brought to segments on one 50 Hz grid.
 *
 * <p>Each stream is cut into stretches at gaps. Where a stretch of each overlaps there is a segment, on a grid that
 * starts at the later stretch's first usable sample. Of a phone without a gyroscope each stretch is a segment, with
 * angular rates of 0. The rules and the arithmetic are those of {@code har_runtime/signal/resample.py}: the same events
 * give the same samples, bit by bit.
 */
public final class Resampler {
    /** Receives the 50 Hz samples in time order. */
    public interface Listener {
        /**
         * Called for each sample.
         *
         * @param segment counts from 0; the samples of one segment follow each other without a gap
         * @param timeNs by the sensor's clock
         * @param imu shape (6,), the contract's channels; the array is reused for the next sample
         */
        void onSample(int segment, long timeNs, float[] imu);
    }

    private static final double LARGE_ACCELERATION = 14.0;
    private static final double LARGE_ANGULAR_RATE = 2.0;
    private static final double LARGEST_ACCELERATION = 4000.0;
    private static final double LARGEST_ANGULAR_RATE = 100.0;
    private static final long AGREEMENT_NS = 2_000_000_000L;

    private final Listener listener;
    private final boolean hasGyroscope;
    private final SensorStream accelerometer = new SensorStream(LARGE_ACCELERATION, LARGEST_ACCELERATION);
    private final SensorStream gyroscope = new SensorStream(LARGE_ANGULAR_RATE, LARGEST_ANGULAR_RATE);
    private final float[] imu = new float[Contract.CHANNEL_COUNT];
    private boolean onGrid;
    private long gridNs;
    /** Whether a sample of this segment was delivered. */
    private boolean delivered;
    private int segments;

    public Resampler(Listener listener) {
        this(listener, true);
    }

    /** @param gyroscope false for a phone that has none: only the accelerometer is pushed */
    public Resampler(Listener listener, boolean gyroscope) {
        this.listener = listener;
        hasGyroscope = gyroscope;
    }

    /** Adds a sample of the accelerometer: ns of the sensor's clock, m/s^2 with gravity. */
    public void pushAccelerometer(long timeNs, double x, double y, double z) {
        accelerometer.push(timeNs, x, y, z);
        advance();
    }

    /**
     * Adds a sample of the gyroscope: ns of the sensor's clock, rad/s.
     *
     * @throws IllegalStateException this resampler is for a phone without one
     */
    public void pushGyroscope(long timeNs, double x, double y, double z) {
        if (!hasGyroscope) {
            throw new IllegalStateException("angular rates of a phone without a gyroscope");
        }
        gyroscope.push(timeNs, x, y, z);
        advance();
    }

    /** Ends the input: delivers the samples that waited for a later neighbour. Later input starts a new segment. */
    public void finish() {
        accelerometer.close();
        gyroscope.close();
        drain();
        accelerometer.clear();
        gyroscope.clear();
        onGrid = false;
    }

    public SensorReport accelerometerReport() {
        return accelerometer.report;
    }

    public SensorReport gyroscopeReport() {
        return gyroscope.report;
    }

    private void advance() {
        drain();
        accelerometer.limitWaiting();
        gyroscope.limitWaiting();
    }

    private void drain() {
        while (true) {
            Stretch acc = accelerometer.front();
            Stretch gyro = hasGyroscope ? gyroscope.front() : acc;
            if (acc == null || gyro == null) {
                return;
            }
            if (acc.clock != gyro.clock) {
                if (agree(acc, gyro)) {
                    continue;
                }
                return;
            }
            long start = Math.max(acc.firstNs(), gyro.firstNs());
            if (!onGrid || gridNs < start) { // The grid falls behind if waiting samples were dropped.
                if (retire(start, acc, gyro)) {
                    continue;
                }
                onGrid = true;
                gridNs = start;
                delivered = false;
            }
            boolean progress = deliver(acc, gyro);
            if (!retire(gridNs, acc, gyro) && (progress || !agree(acc, gyro))) {
                return;
            }
        }
    }

    /** Delivers the samples that have become final; false if there were none. */
    private boolean deliver(Stretch acc, Stretch gyro) {
        long until = Math.min(acc.finalUntil(gridNs), gyro.finalUntil(gridNs));
        if (gridNs > until) {
            return false;
        }
        if (!delivered) {
            segments++;
            delivered = true;
        }
        for (; gridNs <= until; gridNs += Contract.PERIOD_NS) {
            acc.read(gridNs, imu, 0);
            if (hasGyroscope) {
                gyro.read(gridNs, imu, 3);
            }
            listener.onSample(segments - 1, gridNs, imu);
        }
        acc.forgetBefore(gridNs);
        if (hasGyroscope) {
            gyro.forgetBefore(gridNs);
        }
        return true;
    }

    /** Removes the stretches that ended before a time; true if there was one, which ends the segment. */
    private boolean retire(long timeNs, Stretch acc, Stretch gyro) {
        boolean accEnded = acc.closed && acc.lastNs() < timeNs;
        boolean gyroEnded = hasGyroscope && gyro.closed && gyro.lastNs() < timeNs;
        if (accEnded) {
            accelerometer.stretches.removeFirst();
        }
        if (gyroEnded) {
            gyroscope.stretches.removeFirst();
        }
        onGrid &= !(accEnded || gyroEnded);
        return accEnded || gyroEnded;
    }

    /**
     * Removes stretches on a clock that the other sensor no longer uses; true if there were any.
     *
     * <p>Both sensors usually share one clock, and are set back together. If only one of them was set back, because its
     * times alone are wrong for a while, they count as one clock again once they have shown the same time for 2 s.
     */
    private boolean agree(Stretch acc, Stretch gyro) {
        boolean changed = hasGyroscope
                && (agree(accelerometer, acc, gyroscope, gyro) || agree(gyroscope, gyro, accelerometer, acc));
        onGrid &= !changed;
        return changed;
    }

    private static boolean agree(SensorStream sensor, Stretch stretch, SensorStream other, Stretch otherStretch) {
        if (stretch.clock < otherStretch.clock && stretch.closed) {
            sensor.dropFront();
            return true;
        }
        if (sensor.clock >= other.clock) {
            return false;
        }
        Stretch own = sensor.stretches.peekLast();
        // Close to where the other was set back, this sensor may only be slower to deliver.
        long sinceSetBack = own.newestNs() - other.setBackAtNs;
        boolean onlySlower = sinceSetBack >= -SensorStream.MAX_LEAD_NS && sinceSetBack <= AGREEMENT_NS;
        if (onlySlower || own.overlapNs(other.stretches.peekLast()) < AGREEMENT_NS) {
            return false;
        }
        other.setClock(other.clock);
        sensor.setClock(other.clock);
        return true;
    }
}
