package io.haredge.demo.core;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.json.JSONArray;
import org.json.JSONObject;

/** What a card has for learning how one person does the activities, from the features of a few windows. */
final class Prototypes {
    static final int MAX_FEATURES = 190;

    /** Where the features of an activity at a place lie, over the training users. */
    static final class Prototype {
        final String label;
        /** Null if the model does not tell places. */
        final String place;
        /** Of the whitened features. */
        final double[] mean;
        private final long windows;

        private Prototype(JSONObject table) {
            label = Json.entry(table, "label", String.class);
            place = Json.optional(table, "place", String.class);
            mean = Json.numbers(table, "mean");
            windows = Json.whole(table, "windows");
        }
    }

    /** Lower triangle, row by row, of the matrix that makes the features uncorrelated with variance 1. */
    final double[] whitening;
    /** How many windows of the person weigh as much as the population. */
    final double priorWeight;
    /** Factor of half the squared distances. */
    final double sharpness;
    /** Exponent of the network's own probabilities; that of the prototypes' is 1 minus it. */
    final double networkShare;
    final Prototype[] known;
    /** The number of features. */
    final int width;

    Prototypes(JSONObject table) {
        whitening = Json.numbers(table, "whitening");
        priorWeight = Json.number(table, "prior_weight");
        sharpness = Json.number(table, "sharpness");
        networkShare = Json.number(table, "network_share");
        JSONArray entries = Json.entry(table, "known", JSONArray.class);
        known = new Prototype[entries.length()];
        for (int index = 0; index < known.length; index++) {
            known[index] = new Prototype(Json.item(entries, index, "known"));
        }
        width = (int) Math.floor((Math.floor(Math.sqrt(8.0 * whitening.length + 1)) - 1) / 2);
    }

    /** @param places those of the card, or one null */
    boolean fit(List<String> labels, List<String> places) {
        boolean fit = width > 0 && width <= MAX_FEATURES && whitening.length == width * (width + 1) / 2
                && priorWeight > 0 && sharpness > 0 && networkShare >= 0 && networkShare < 1;
        Set<List<String>> pairs = new HashSet<>();
        for (Prototype one : known) {
            fit &= labels.contains(one.label) && places.contains(one.place);
            fit &= one.mean.length == width && one.windows > 0;
            fit &= pairs.add(Arrays.asList(one.place, one.label));
        }
        return fit;
    }
}
