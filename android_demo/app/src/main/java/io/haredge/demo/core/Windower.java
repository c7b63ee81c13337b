package io.haredge.demo.core;

/** Cuts each segment into windows of 50 samples, 25 samples apart. No window spans two segments. */
public final class Windower implements Resampler.Sink {
    /** Takes the windows, in time order. */
    public interface Sink {
        /**
         * The next window.
         *
         * @param segment the segment it was cut from
         * @param startNs time of its first sample, of the sensor's clock
         * @param imu shape (50, 6), row by row; filled anew for each window
         */
        void window(int segment, long startNs, float[] imu);
    }

    private static final int LENGTH = Contract.WINDOW * Contract.CHANNEL_COUNT;
    private static final int KEPT = (Contract.WINDOW - Contract.HOP) * Contract.CHANNEL_COUNT;

    private final Sink sink;
    private final float[] pending = new float[LENGTH];
    private int filled;
    private int segment = -1;

    public Windower(Sink sink) {
        this.sink = sink;
    }

    @Override
    public void sample(int ofSegment, long timeNs, float[] imu) {
        if (ofSegment != segment) {
            segment = ofSegment;
            filled = 0;
        }
        System.arraycopy(imu, 0, pending, filled, Contract.CHANNEL_COUNT);
        filled += Contract.CHANNEL_COUNT;
        if (filled == LENGTH) {
            sink.window(segment, timeNs - (Contract.WINDOW - 1) * Contract.PERIOD_NS, pending);
            System.arraycopy(pending, LENGTH - KEPT, pending, 0, KEPT);
            filled = KEPT;
        }
    }
}
