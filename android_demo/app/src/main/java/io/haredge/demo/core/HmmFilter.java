package io.haredge.demo.core;

/**
 * Smooths a model's probabilities by a causal hidden Markov model filter in float64, as har_runtime does.
 *
 * <p>A step of one hop carries the belief through the transition matrix; a gap of n hops through n steps. Then the
 * window's probabilities, divided by the prior, are its evidence, with the card's exponent.
 */
public final class HmmFilter {
    private static final double MIN_PROBABILITY = 1e-6;
    private static final int MAX_STEPS = 120;

    private final Card.Smoothing smoothing;
    private final double[] belief;
    private final double[] moved;
    private boolean started;
    private long previousEndNs;

    public HmmFilter(Card.Smoothing smoothing) {
        this.smoothing = smoothing;
        belief = smoothing.prior.clone();
        moved = new double[belief.length];
    }

    /**
     * Adds the next window.
     *
     * @param endNs time of the window's last sample
     * @param windowProbabilities the model's output, shape (classes,)
     * @param probabilities receives the belief after this window, shape (classes,)
     */
    public void step(long endNs, float[] windowProbabilities, double[] probabilities) {
        double hops = started ? Math.rint((double) (endNs - previousEndNs) / Contract.HOP_NS) : 1;
        int steps = (int) Math.max(1, Math.min(MAX_STEPS, hops));
        started = true;
        previousEndNs = endNs;
        for (int step = 0; step < steps; step++) {
            move();
        }
        double sum = 0.0;
        for (int label = 0; label < belief.length; label++) {
            double likelihood = Math.max(windowProbabilities[label], MIN_PROBABILITY) / smoothing.prior[label];
            belief[label] *= Math.pow(likelihood, smoothing.evidence);
            sum += belief[label];
        }
        for (int label = 0; label < belief.length; label++) {
            belief[label] /= sum;
            probabilities[label] = belief[label];
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
