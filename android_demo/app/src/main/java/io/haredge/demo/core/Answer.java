package io.haredge.demo.core;

/** What the wearer did at the end of a window, and how sure that is. The object is reused for the next window. */
public final class Answer {
    /** The activity of an answer that has none of the model's labels. */
    public static final int UNKNOWN = -1;

    /** Time of the window's last sample by the sensor's clock. */
    public long endNs;
    /** Index of a label of the card, after smoothing, or {@code UNKNOWN}. */
    public int activity;
    /** Why the activity is unknown; null if it is known. */
    public Reason reason;
    /** Probability of the likeliest label after smoothing, 0 to 1. */
    public double confidence;
    /** Probability of every label for the window alone: the output of the model. */
    public final float[] windowProbabilities;
    /** Probability of every label after smoothing. */
    public final double[] probabilities;

    Answer(int classes) {
        windowProbabilities = new float[classes];
        probabilities = new double[classes];
    }
}
