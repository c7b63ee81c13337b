package io.haredge.demo.core;

import java.util.Arrays;

/** The activity of each window by itself, given the belief in the places, which alone is filtered. */
final class GivenPlace {
    private final PlaceFilter places;
    /** Shape (places, 1). */
    private final double[][] belief;
    private final Hops hops = new Hops();

    /** @param place index of the place that the phone is worn at; {@code Answer.NO_PLACE} if that is not known */
    GivenPlace(Card card, int place) {
        places = new PlaceFilter(card, place);
        double[] start = places.start();
        belief = new double[start.length][1];
        for (int at = 0; at < start.length; at++) {
            belief[at][0] = start[at];
        }
    }

    /**
     * Adds the next window.
     *
     * @param endNs time of the window's last sample
     * @param probabilities receives the probability of each label, shape (classes,)
     * @param placeProbabilities receives the belief in each place, shape (places,)
     */
    void step(long endNs, Outputs window, double[] probabilities, double[] placeProbabilities) {
        for (int step = hops.step(endNs); step > 0; step--) {
            places.carry(belief);
        }
        double sum = 0;
        for (int place = 0; place < belief.length; place++) {
            belief[place][0] *= places.likelihood(window, place);
            sum += belief[place][0];
        }
        Arrays.fill(probabilities, 0);
        for (int place = 0; place < belief.length; place++) {
            belief[place][0] /= sum;
            placeProbabilities[place] = belief[place][0];
            for (int label = 0; label < probabilities.length; label++) {
                probabilities[label] += belief[place][0] * window.byPlace[place * probabilities.length + label];
            }
        }
    }
}
