package io.haredge.demo.core;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Turns the outputs of a model for a window into those for one person: the window is likely to be the activity whose
 * prototype is near its features, and what the network itself makes of it has its share.
 *
 * <p>The rules are those of {@code har_runtime/personal/head.py}. At places where nothing was learnt, the outputs are
 * the model's own.
 */
final class PrototypeHead {
    /** Added to probabilities before they are multiplied: neither the network nor the prototypes can rule one out. */
    static final double FLOOR = 1e-6;

    private final int known;
    private final int count;
    /** Of each place, what answers there; null for the network alone. */
    private final AtPlace[] places;
    private final boolean tellsPlaces;
    private boolean isPersonal;

    /**
     * @param shipped the card of the model, with prototypes
     * @param personal the same with the new activities
     */
    PrototypeHead(Card shipped, Card personal, Profile.Learnt[] learnt) {
        known = shipped.classes();
        count = personal.classes();
        tellsPlaces = shipped.placeCount() > 0;
        List<String> at = shipped.learningPlaces();
        places = new AtPlace[at.size()];
        for (int place = 0; place < places.length; place++) {
            Map<Integer, double[]> means = means(personal, learnt, at.get(place));
            if (means != null) {
                places[place] = new AtPlace(shipped.prototypes, known, count, means);
                isPersonal = true;
            }
        }
    }

    /** The mean of the whitened features of each label at a place; null if nothing was learnt there. */
    private static Map<Integer, double[]> means(Card personal, Profile.Learnt[] learnt, String place) {
        Map<Integer, double[]> means = new HashMap<>();
        for (Prototypes.Prototype one : personal.prototypes.known) {
            if (same(one.place, place)) {
                means.put(personal.labelIndex(one.label), one.mean);
            }
        }
        boolean any = false;
        for (Profile.Learnt one : learnt) {
            if (same(one.place, place)) {
                any = true;
                means.merge(personal.labelIndex(one.label), one.mean,
                        (prior, own) -> posterior(personal.prototypes.priorWeight, prior, one.windows, own));
            }
        }
        return any ? means : null;
    }

    private static boolean same(String one, String other) {
        return one == null ? other == null : one.equals(other);
    }

    /** The posterior mean of a Gaussian with known covariance. */
    private static double[] posterior(double weight, double[] prior, long windows, double[] own) {
        double[] mean = new double[own.length];
        for (int feature = 0; feature < mean.length; feature++) {
            mean[feature] = (weight * prior[feature] + windows * own[feature]) / (weight + windows);
        }
        return mean;
    }

    /**
     * @param own what the model made of the window
     * @param personal receives the outputs for the person
     */
    void outputs(Outputs own, Outputs personal) {
        float[] from = tellsPlaces ? own.byPlace : own.probabilities;
        float[] to = tellsPlaces ? personal.byPlace : personal.probabilities;
        for (int place = 0; place < places.length; place++) {
            if (places[place] == null) {
                widen(from, place * known, to, place * count);
            } else {
                places[place].step(from, place * known, own.features, to, place * count);
            }
        }
        System.arraycopy(own.features, 0, personal.features, 0, own.features.length);
        if (!tellsPlaces) {
            return;
        }
        System.arraycopy(own.places, 0, personal.places, 0, own.places.length);
        if (!isPersonal) {
            widen(own.probabilities, 0, personal.probabilities, 0);
            return;
        }
        for (int label = 0; label < count; label++) {
            double sum = 0;
            for (int place = 0; place < places.length; place++) {
                sum += (double) own.places[place] * to[place * count + label];
            }
            personal.probabilities[label] = (float) sum;
        }
    }

    /** Copies a row, with zeros for new activities. */
    private void widen(float[] from, int fromStart, float[] to, int toStart) {
        System.arraycopy(from, fromStart, to, toStart, known);
        for (int label = known; label < count; label++) {
            to[toStart + label] = 0;
        }
    }

    /** The head at one place: half the squared distances differ from the logits by the same for all labels. */
    private static final class AtPlace {
        private final int known;
        private final double share;
        /** Labels that have a prototype here, in ascending order. */
        private final int[] have;
        /** Labels of which the network alone knows something here. */
        private final int[] rest;
        /** Of each of these, in float32 as in Python. */
        private final float[][] weights;
        private final float[] biases;
        private final double[] near;
        private final double[] table;

        AtPlace(Prototypes prototypes, int known, int count, Map<Integer, double[]> means) {
            this.known = known;
            share = prototypes.networkShare;
            have = means.keySet().stream().mapToInt(Integer::intValue).sorted().toArray();
            rest = IntStream.range(0, known).filter(label -> !means.containsKey(label)).toArray();
            weights = new float[have.length][prototypes.width];
            biases = new float[have.length];
            near = new double[have.length];
            table = new double[count];
            for (int position = 0; position < have.length; position++) {
                double[] mean = means.get(have[position]);
                double square = 0;
                for (int feature = 0; feature < prototypes.width; feature++) {
                    square += mean[feature] * mean[feature];
                    weights[position][feature] = (float) (prototypes.sharpness * whitened(prototypes, feature, mean));
                }
                biases[position] = (float) (-0.5 * prototypes.sharpness * square);
            }
        }

        /** A column of the matrix that whitens features, times a mean. */
        private static double whitened(Prototypes prototypes, int column, double[] mean) {
            return IntStream.range(column, mean.length)
                    .mapToDouble(row -> prototypes.whitening[row * (row + 1) / 2 + column] * mean[row]).sum();
        }

        void step(float[] own, int start, float[] features, float[] personal, int personalStart) {
            double scale = nearness(own, start, features);
            double left = 1;
            for (int label = 0; label < table.length; label++) {
                table[label] = label < known ? own[start + label] : 0;
            }
            for (int position = 0; position < have.length; position++) {
                table[have[position]] = near[position] * scale;
                left -= have[position] >= known ? near[position] * scale : 0;
            }
            double sum = 0;
            for (int label = 0; label < table.length; label++) {
                if (share > 0) {
                    // What the new activities, which the network does not know, leave to the others.
                    double network = label < known ? own[start + label] * left : table[label];
                    table[label] = Math.pow(network + FLOOR, share) * Math.pow(table[label] + FLOOR, 1 - share);
                }
                sum += table[label];
            }
            for (int label = 0; label < table.length; label++) {
                personal[personalStart + label] = (float) (table[label] / sum);
            }
        }

        /** Fills in how near each prototype is; returns what makes of that the probabilities. */
        private double nearness(float[] own, int start, float[] features) {
            double top = Double.NEGATIVE_INFINITY;
            for (int position = 0; position < have.length; position++) {
                double logit = 0;
                for (int feature = 0; feature < features.length; feature++) {
                    logit += (double) weights[position][feature] * features[feature];
                }
                near[position] = (float) (logit + biases[position]);
                top = Math.max(top, near[position]);
            }
            double sum = 0;
            for (int position = 0; position < have.length; position++) {
                near[position] = Math.exp(near[position] - top);
                sum += near[position];
            }
            double left = 1;
            for (int label : rest) {
                left -= own[start + label];
            }
            return Math.max(left, 0) / sum; // The outputs of an int8 model may add up to more than 1.
        }
    }
}
