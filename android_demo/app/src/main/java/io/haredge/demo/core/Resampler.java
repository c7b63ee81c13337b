package io.haredge.demo.core;

/**
 * Accelerometer and gyroscope of any rate from 20 Hz on, brought to segments on one 50 Hz grid.
 *
 * <p>Each stream is cut into runs at gaps; where a run of each overlaps there is a segment, on a grid that starts at
 * the later run's first usable sample. The rules and the arithmetic are those of {@code har_runtime/signal/resample.py}: the
 * same events give the same samples, bit by bit.
 */
public final class Resampler {
    /** Takes the 50 Hz samples, in time order. */
    public interface Sink {
        /**
         * The next sample.
         *
         * @param segment counts from 0; the samples of one segment follow each other without a gap
         * @param timeNs of the sensor's clock
         * @param imu shape (6,), the contract's channels; filled anew for each sample
         */
        void sample(int segment, long timeNs, float[] imu);
    }

    private static final double LARGE_ACCELERATION = 14.0;
    private static final double LARGE_ANGULAR_RATE = 2.0;
    private static final long AGREEMENT_NS = 2_000_000_000L;

    private final Sink sink;
    private final SensorStream accelerometer = new SensorStream(LARGE_ACCELERATION);
    private final SensorStream gyroscope = new SensorStream(LARGE_ANGULAR_RATE);
    private final float[] imu = new float[Contract.CHANNEL_COUNT];
    private boolean onGrid;
    private long gridNs;
    /** Whether a sample of this segment was given out. */
    private boolean given;
    private int segments;

    public Resampler(Sink sink) {
        this.sink = sink;
    }

    /** A sample of the accelerometer, m/s^2 with gravity. */
    public void accelerometer(long timeNs, double x, double y, double z) {
        accelerometer.take(timeNs, x, y, z);
        advance();
    }

    /** A sample of the gyroscope, rad/s. */
    public void gyroscope(long timeNs, double x, double y, double z) {
        gyroscope.take(timeNs, x, y, z);
        advance();
    }

    /** The input has ended: gives out what was waiting for a neighbour. Later samples start a new segment. */
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
        accelerometer.bound();
        gyroscope.bound();
    }

    private void drain() {
        while (true) {
            Run acc = accelerometer.front();
            Run gyro = gyroscope.front();
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
            if (!onGrid || gridNs < start) { // The latter where the buffers were bounded.
                if (retire(start, acc, gyro)) {
                    continue;
                }
                onGrid = true;
                gridNs = start;
                given = false;
            }
            boolean gave = give(acc, gyro);
            if (!retire(gridNs, acc, gyro) && (gave || !agree(acc, gyro))) {
                return;
            }
        }
    }

    /** Gives out the samples that have become final; false where there was none. */
    private boolean give(Run acc, Run gyro) {
        long until = Math.min(acc.finalUntil(gridNs), gyro.finalUntil(gridNs));
        if (gridNs > until) {
            return false;
        }
        if (!given) {
            segments++;
            given = true;
        }
        for (; gridNs <= until; gridNs += Contract.PERIOD_NS) {
            acc.read(gridNs, imu, 0);
            gyro.read(gridNs, imu, 3);
            sink.sample(segments - 1, gridNs, imu);
        }
        acc.forgetBefore(gridNs);
        gyro.forgetBefore(gridNs);
        return true;
    }

    /** Lets go of the runs that have ended before a time; true where there was one, and so no segment goes on. */
    private boolean retire(long timeNs, Run acc, Run gyro) {
        boolean accEnded = acc.closed && acc.lastNs() < timeNs;
        boolean gyroEnded = gyro.closed && gyro.lastNs() < timeNs;
        if (accEnded) {
            accelerometer.runs.removeFirst();
        }
        if (gyroEnded) {
            gyroscope.runs.removeFirst();
        }
        onGrid &= !(accEnded || gyroEnded);
        return accEnded || gyroEnded;
    }

    /**
     * Lets go of runs on a clock that the other sensor has left; true where there were any.
     *
     * <p>Both sensors have one clock as a rule, and are set back together. Where only one of them was, because its
     * times alone are wrong for a while, they are taken for one clock again once they have shown the same time for
     * long.
     */
    private boolean agree(Run acc, Run gyro) {
        boolean changed = agree(accelerometer, acc, gyroscope, gyro) || agree(gyroscope, gyro, accelerometer, acc);
        onGrid &= !changed;
        return changed;
    }

    private static boolean agree(SensorStream sensor, Run run, SensorStream other, Run othersRun) {
        if (run.clock < othersRun.clock && run.closed) {
            sensor.dropFront();
            return true;
        }
        if (sensor.clock >= other.clock) {
            return false;
        }
        Run own = sensor.runs.peekLast();
        // Near where the other was set back, this one may only be slower to deliver.
        long goneOn = own.newestNs() - other.leftNs;
        boolean onlySlower = goneOn >= -SensorStream.MAX_LEAD_NS && goneOn <= AGREEMENT_NS;
        if (onlySlower || own.overlapNs(other.runs.peekLast()) < AGREEMENT_NS) {
            return false;
        }
        other.setClock(other.clock);
        sensor.setClock(other.clock);
        return true;
    }
}
