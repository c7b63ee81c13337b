package io.haredge.demo.core;

/** What the wearer did at the end of a window, and how sure that is. One object is filled anew for every window. */
public final class Answer {
    /** The index of an activity that is none of the model's. */
    public static final int UNKNOWN = -1;

    /** Of the window's last sample, by the sensor's clock. */
    public long endNs;
    /** Index of a label of the card, after smoothing, or {@code UNKNOWN}. */
    public int activity;
    /** Why it is unknown; null where it is not. */
    public Reason reason;
    /** Probability of the likeliest label after smoothing, 0 to 1. */
    public double confidence;
    /** Of the window alone, as the model gave them. */
    public final float[] raw;
    /** After smoothing. */
    public final double[] smoothed;

    Answer(int classes) {
        raw = new float[classes];
        smoothed = new double[classes];
    }
}
