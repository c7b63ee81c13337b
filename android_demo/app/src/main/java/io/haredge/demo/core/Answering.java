package io.haredge.demo.core;

/** From a window's probabilities to an answer: smoothed, and unknown where the card says that it is too unsure. */
final class Answering {
    private final Smoother smoother;
    private final double threshold;

    Answering(Card card) {
        smoother = card.smoothing == null ? null : new Smoother(card.smoothing);
        threshold = card.rejectionThreshold;
    }

    /** Completes an answer of which {@code raw} is filled. */
    void complete(Answer answer, long endNs) {
        answer.endNs = endNs;
        if (smoother != null) {
            smoother.take(endNs, answer.raw, answer.smoothed);
        } else {
            for (int label = 0; label < answer.raw.length; label++) {
                answer.smoothed[label] = answer.raw[label];
            }
        }
        int best = 0;
        float surest = answer.raw[0];
        for (int label = 1; label < answer.raw.length; label++) {
            best = answer.smoothed[label] > answer.smoothed[best] ? label : best;
            surest = Math.max(surest, answer.raw[label]);
        }
        answer.confidence = answer.smoothed[best];
        answer.activity = surest < threshold ? Answer.UNKNOWN : best;
    }
}
