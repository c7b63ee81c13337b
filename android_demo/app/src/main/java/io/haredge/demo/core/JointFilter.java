package io.haredge.demo.core;

import java.util.Arrays;

/** The filter of {@code HmmFilter} over pairs of place and activity, so that each is judged given the other. */
final class JointFilter {
    private final Smoothing smoothing;
    private final PlaceFilter places;
    /** Shape (places, classes). */
    private final double[][] belief;
    private final double[] moved;
    private final Hops hops = new Hops();

    /** @param place index of the place that the phone is worn at; {@code Answer.NO_PLACE} if that is not known */
    JointFilter(Card card, int place) {
        smoothing = card.smoothing;
        places = new PlaceFilter(card, place);
        double[] start = places.start();
        belief = new double[start.length][card.classes()];
        moved = new double[card.classes()];
        for (int at = 0; at < start.length; at++) {
            for (int label = 0; label < moved.length; label++) {
                belief[at][label] = start[at] * smoothing.prior[label];
            }
        }
    }

    /**
     * Adds the next window.
     *
     * @param endNs time of the window's last sample
     * @param probabilities receives the belief in each label, shape (classes,)
     * @param placeProbabilities receives the belief in each place, shape (places,)
     */
    void step(long endNs, Outputs window, double[] probabilities, double[] placeProbabilities) {
        for (int step = hops.step(endNs); step > 0; step--) {
            places.carry(belief);
            for (double[] row : belief) {
                HmmFilter.carry(smoothing, row, moved);
            }
        }
        double sum = 0;
        for (int place = 0; place < belief.length; place++) {
            double likelihood = places.likelihood(window, place);
            for (int label = 0; label < moved.length; label++) {
                float probability = window.byPlace[place * moved.length + label];
                belief[place][label] *= HmmFilter.evidence(smoothing, label, probability) * likelihood;
                sum += belief[place][label];
            }
        }
        Arrays.fill(probabilities, 0);
        Arrays.fill(placeProbabilities, 0);
        for (int place = 0; place < belief.length; place++) {
            for (int label = 0; label < moved.length; label++) {
                belief[place][label] /= sum;
                probabilities[label] += belief[place][label];
                placeProbabilities[place] += belief[place][label];
            }
        }
    }
}
