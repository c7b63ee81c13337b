package io.haredge.demo.core;

import java.util.Arrays;

/**
 * How a belief in the places of a card starts, how it changes from hop to hop, and what a window says about it.
 *
 * <p>The place changes rarely, and gait shows it best: the weight of a window falls with its probability of gait, as in
 * {@code har_runtime/answers/place.py}.
 */
final class PlaceFilter {
    /** Belief in a place above which answers name it. */
    static final double MIN_BELIEF = 0.8;

    private static final String GAIT = "on_foot";

    private final double[] start;
    private final double[][] transitions;
    private final double evidence;
    private final int[] gait;
    private final double[] moved;

    /** @param place index of the place that the phone is worn at; {@code Answer.NO_PLACE} if that is not known */
    PlaceFilter(Card card, int place) {
        int count = card.placeCount();
        double change = count > 1 ? card.placeFilter.change : 0;
        start = new double[count];
        if (place == Answer.NO_PLACE) {
            Arrays.fill(start, 1.0 / count);
        } else {
            start[place] = 1;
            change = 0;
        }
        transitions = new double[count][count];
        for (int from = 0; from < count; from++) {
            Arrays.fill(transitions[from], change / Math.max(count - 1, 1));
            transitions[from][from] = 1 - change;
        }
        evidence = card.placeFilter.evidence;
        moved = new double[count];
        int[] members = null;
        for (Family family : card.families()) {
            members = family.name.equals(GAIT) ? family.members : members;
        }
        gait = members;
    }

    /** The belief before the first window, shape (places,). */
    double[] start() {
        return start.clone();
    }

    /** Carries a belief on by one hop, in each of its columns; shape (places, n). */
    void carry(double[][] belief) {
        for (int column = 0; column < belief[0].length; column++) {
            for (int to = 0; to < belief.length; to++) {
                double sum = 0;
                for (int from = 0; from < belief.length; from++) {
                    sum += transitions[to][from] * belief[from][column];
                }
                moved[to] = sum;
            }
            for (int place = 0; place < belief.length; place++) {
                belief[place][column] = moved[place];
            }
        }
    }

    /** The evidence of a window for a place. */
    double likelihood(Outputs window, int place) {
        float walking = gait == null ? 1 : 0; // A sum in float32, as in Python.
        for (int index = 0; gait != null && index < gait.length; index++) {
            walking += window.probabilities[gait[index]];
        }
        return Math.pow(Math.max(window.places[place], HmmFilter.MIN_PROBABILITY), evidence * walking);
    }
}
