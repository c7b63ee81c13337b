package io.haredge.demo.core;

import org.json.JSONObject;

/** The hidden Markov model that smooths the probabilities. */
public final class Smoothing {
    /** Probability of going from an activity (row) to another within one hop. */
    final double[][] transitions;
    /** Share of each activity in the training windows. */
    final double[] prior;
    /** Exponent of each window's probabilities; below 1, since windows share half their samples. */
    final double evidence;

    public Smoothing(double[][] transitions, double[] prior, double evidence) {
        this.transitions = transitions;
        this.prior = prior;
        this.evidence = evidence;
    }

    Smoothing(JSONObject table) {
        this(Json.rows(table, "transitions"), Json.numbers(table, "prior"), Json.number(table, "evidence"));
    }

    boolean fits(int classes) {
        boolean fits = transitions.length == classes && isDistribution(prior, classes);
        fits &= evidence > 0 && evidence <= 1;
        for (double[] row : transitions) {
            fits &= isDistribution(row, classes);
        }
        for (double share : prior) {
            fits &= share > 0;
        }
        return fits;
    }

    private static boolean isDistribution(double[] row, int classes) {
        double sum = 0;
        boolean fits = row.length == classes;
        for (double share : row) {
            fits &= share >= 0;
            sum += share;
        }
        return fits && Math.abs(sum - 1) < 1e-4;
    }
}
