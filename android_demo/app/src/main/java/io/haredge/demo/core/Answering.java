package io.haredge.demo.core;

/** From a window's probabilities to an answer: smoothed, and unknown if the model is in doubt or the phone is not worn. */
final class Answering {
    private final HmmFilter filter;
    private final Rejector rejector;
    private final WornDetector worn = new WornDetector();

    Answering(Card card) {
        filter = card.smoothing == null ? null : new HmmFilter(card.smoothing);
        rejector = card.rejection == null ? null : new Rejector(card.rejection);
    }

    /** Completes an answer, whose {@code windowProbabilities} are those of the window {@code imu}. */
    void step(Answer answer, float[] imu, long endNs) {
        answer.endNs = endNs;
        double[] probabilities = answer.probabilities;
        if (filter != null) {
            filter.step(endNs, answer.windowProbabilities, probabilities);
        } else {
            for (int label = 0; label < probabilities.length; label++) {
                probabilities[label] = answer.windowProbabilities[label];
            }
        }
        int best = 0;
        for (int label = 1; label < probabilities.length; label++) {
            best = probabilities[label] > probabilities[best] ? label : best;
        }
        answer.confidence = probabilities[best];
        if (!worn.step(imu, endNs)) {
            answer.reason = Reason.NOT_WORN;
        } else {
            answer.reason = rejector == null ? null : rejector.step(imu, answer.confidence, filter != null);
        }
        answer.activity = answer.reason == null ? best : Answer.UNKNOWN;
    }
}
