package io.haredge.demo.core;

/** Cuts each segment into windows of 50 samples, 25 samples apart. No window spans two segments. */
public final class Windower {
    /** Receives the windows in time order. */
    public interface Listener {
        /**
         * Called for each window.
         *
         * @param segment the segment it was cut from
         * @param startNs time of its first sample by the sensor's clock
         * @param imu shape (50, 6), row by row; the array is reused for the next window
         */
        void onWindow(int segment, long startNs, float[] imu);
    }

    private static final int LENGTH = Contract.WINDOW * Contract.CHANNEL_COUNT;
    private static final int KEPT = (Contract.WINDOW - Contract.HOP) * Contract.CHANNEL_COUNT;

    private final Listener listener;
    private final float[] pending = new float[LENGTH];
    private int filled;
    private int segment = -1;

    public Windower(Listener listener) {
        this.listener = listener;
    }

    /** Adds a sample of {@code Resampler}: its segment, ns of the sensor's clock, and shape (6,). */
    public void push(int sampleSegment, long timeNs, float[] imu) {
        if (sampleSegment != segment) {
            segment = sampleSegment;
            filled = 0;
        }
        System.arraycopy(imu, 0, pending, filled, Contract.CHANNEL_COUNT);
        filled += Contract.CHANNEL_COUNT;
        if (filled == LENGTH) {
            listener.onWindow(segment, timeNs - (Contract.WINDOW - 1) * Contract.PERIOD_NS, pending);
            System.arraycopy(pending, LENGTH - KEPT, pending, 0, KEPT);
            filled = KEPT;
        }
    }
}
