package io.haredge.demo.core;

/**
 * Smooths a model's probabilities by a causal hidden Markov model filter in float64, as har_runtime does.
 *
 * <p>A step of one hop carries the belief through the transition matrix; a gap of n hops through n steps. Then the
 * window's probabilities, divided by the prior, are its evidence, with the card's exponent.
 */
public final class HmmFilter {
    /** Of an activity or place: one window of an overconfident model must not rule it out for good. */
    static final double MIN_PROBABILITY = 1e-6;

    private final Smoothing smoothing;
    private final double[] belief;
    private final double[] moved;
    private final Hops hops = new Hops();

    public HmmFilter(Smoothing smoothing) {
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
        for (int step = hops.step(endNs); step > 0; step--) {
            carry(smoothing, belief, moved);
        }
        double sum = 0.0;
        for (int label = 0; label < belief.length; label++) {
            belief[label] *= evidence(smoothing, label, windowProbabilities[label]);
            sum += belief[label];
        }
        for (int label = 0; label < belief.length; label++) {
            belief[label] /= sum;
            probabilities[label] = belief[label];
        }
    }

    /** Carries a belief in the labels on by one hop; {@code moved} is for the work. */
    static void carry(Smoothing smoothing, double[] belief, double[] moved) {
        for (int to = 0; to < belief.length; to++) {
            double sum = 0.0;
            for (int from = 0; from < belief.length; from++) {
                sum += belief[from] * smoothing.transitions[from][to];
            }
            moved[to] = sum;
        }
        System.arraycopy(moved, 0, belief, 0, belief.length);
    }

    /** What a window's probability of a label is worth. */
    static double evidence(Smoothing smoothing, int label, float probability) {
        return Math.pow(Math.max(probability, MIN_PROBABILITY) / smoothing.prior[label], smoothing.evidence);
    }
}
