package io.haredge.demo.core;

/** What the wearer did at the end of a window, and how sure that is. The object is reused for the next window. */
public final class Answer {
    /** The activity of an answer that has none of the model's labels. */
    public static final int UNKNOWN = -1;
    /** The place of an answer if it is not known, or the model does not tell it. */
    public static final int NO_PLACE = -1;

    /** Time of the window's last sample by the sensor's clock. */
    public long endNs;
    /**
     * Index of a label of the card, after smoothing; from {@code card.classes()} on that of a family, if only that is
     * certain; or {@code UNKNOWN}. {@code card.activity} names it.
     */
    public int activity;
    /** Why the activity is unknown; null if it is known. */
    public Reason reason;
    /**
     * Probability of the activity after smoothing, of a family the sum over its labels; of the likeliest label if it is
     * unknown; 0 to 1.
     */
    public double confidence;
    /** Index of the place of the card that the phone is worn at, or {@code NO_PLACE}. */
    public int place = NO_PLACE;
    /** Steps taken since the answer before; a bout's first ones come together, once it is certain that it is one. */
    public int steps;
    /** Steps a minute; {@code StepCounter.NO_CADENCE} if the wearer takes none. */
    public double cadence = StepCounter.NO_CADENCE;
    /** Which way is up for the wearer; null if the card's frame is that of the phone. */
    public Up up;
    /** Probability of every label for the window alone: the output of the model. */
    public final float[] windowProbabilities;
    /** Probability of every label after smoothing. */
    public final double[] probabilities;
    /** Probability of every place of the card after filtering. */
    final double[] placeProbabilities;
    /** What the model made of the window. */
    final Outputs outputs;

    Answer(Card card) {
        outputs = new Outputs(card);
        windowProbabilities = outputs.probabilities;
        probabilities = new double[card.classes()];
        placeProbabilities = new double[card.placeCount()];
    }
}
