package io.haredge.demo.core;

/** What a model makes of a window. The arrays are reused for the next one. */
public final class Outputs {
    /** Probability of each label, shape (classes,). */
    public final float[] probabilities;
    /** Probability of each place, shape (places,); empty if the model does not tell places. */
    public final float[] places;
    /** Probability of each label if the phone is worn at each place, shape (places, classes), row by row. */
    public final float[] byPlace;
    /** What the probabilities are computed from, shape (features,); empty if the model does not give it. */
    public final float[] features;

    public Outputs(int classes, int places) {
        this(classes, places, 0);
    }

    private Outputs(int classes, int places, int features) {
        this.features = new float[features];
        probabilities = new float[classes];
        this.places = new float[places];
        byPlace = new float[places * classes];
    }

    /** Of a card's model. */
    public Outputs(Card card) {
        this(card.classes(), card.placeCount(), card.features());
    }
}
