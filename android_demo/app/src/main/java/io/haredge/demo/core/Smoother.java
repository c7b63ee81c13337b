package io.haredge.demo.core;

/**
 * Steadies a model's answers by a causal hidden Markov model filter, in float64, as har_runtime does.
 *
 * <p>The belief moves by the transitions for each hop that has passed, then each window's probabilities, divided by the
 * prior that training gave them, weigh in by the exponent of the card.
 */
public final class Smoother {
    private static final double LEAST_PROBABILITY = 1e-6;
    private static final int MOST_STEPS = 120;

    private final Card.Smoothing smoothing;
    private final double[] belief;
    private final double[] moved;
    private boolean started;
    private long previousEndNs;

    public Smoother(Card.Smoothing smoothing) {
        this.smoothing = smoothing;
        belief = smoothing.prior.clone();
        moved = new double[belief.length];
    }

    /**
     * Takes in a window's answer.
     *
     * @param endNs time of the window's last sample
     * @param probabilities of the window alone, shape (classes,)
     * @param smoothed where the belief after this window is written, shape (classes,)
     */
    public void take(long endNs, float[] probabilities, double[] smoothed) {
        double hops = started ? Math.rint((double) (endNs - previousEndNs) / Contract.HOP_NS) : 1;
        int steps = (int) Math.max(1, Math.min(MOST_STEPS, hops));
        started = true;
        previousEndNs = endNs;
        for (int step = 0; step < steps; step++) {
            move();
        }
        double sum = 0.0;
        for (int label = 0; label < belief.length; label++) {
            double likelihood = Math.max(probabilities[label], LEAST_PROBABILITY) / smoothing.prior[label];
            belief[label] *= Math.pow(likelihood, smoothing.evidence);
            sum += belief[label];
        }
        for (int label = 0; label < belief.length; label++) {
            belief[label] /= sum;
            smoothed[label] = belief[label];
        }
    }

    private void move() {
        for (int to = 0; to < belief.length; to++) {
            double sum = 0.0;
            for (int from = 0; from < belief.length; from++) {
                sum += belief[from] * smoothing.transitions[from][to];
            }
            moved[to] = sum;
        }
        System.arraycopy(moved, 0, belief, 0, belief.length);
    }
}
