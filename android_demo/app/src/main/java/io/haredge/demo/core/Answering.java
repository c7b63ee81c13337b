package io.haredge.demo.core;

/** From a window's probabilities to an answer: smoothed, and unknown where the card or the wearer leaves it open. */
final class Answering {
    private final Smoother smoother;
    private final Rejector rejector;
    private final WornDetector worn = new WornDetector();

    Answering(Card card) {
        smoother = card.smoothing == null ? null : new Smoother(card.smoothing);
        rejector = card.rejection == null ? null : new Rejector(card.rejection);
    }

    /** Completes an answer of which {@code raw} is filled, from the window that it is of. */
    void complete(Answer answer, float[] imu, long endNs) {
        answer.endNs = endNs;
        if (smoother != null) {
            smoother.take(endNs, answer.raw, answer.smoothed);
        } else {
            for (int label = 0; label < answer.raw.length; label++) {
                answer.smoothed[label] = answer.raw[label];
            }
        }
        int best = 0;
        for (int label = 1; label < answer.smoothed.length; label++) {
            best = answer.smoothed[label] > answer.smoothed[best] ? label : best;
        }
        answer.confidence = answer.smoothed[best];
        if (!worn.step(imu, endNs)) {
            answer.reason = Reason.NOT_WORN;
        } else {
            answer.reason = rejector == null ? null : rejector.judge(imu, answer.confidence, smoother != null);
        }
        answer.activity = answer.reason == null ? best : Answer.UNKNOWN;
    }
}
