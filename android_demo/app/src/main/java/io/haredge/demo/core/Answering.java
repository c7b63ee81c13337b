package io.haredge.demo.core;

import java.util.Set;

/**
 * From what the model makes of a window to an answer: smoothed; a family of activities if only that is certain; unknown
 * if the model is in doubt or the phone is not worn.
 */
final class Answering {
    /** Makes the probabilities of a window, of which it has the outputs and the time, steady. */
    private interface Smoother {
        void step(Answer answer);
    }

    /** Activities in which nobody takes steps. */
    private static final Set<String> POSTURES = Set.of("standing", "sitting", "lying", "still", "resting");

    private final Card card;
    private final StepCounter counter = new StepCounter();
    private final Smoother smoother;
    private final Rejector rejector;
    private final Chooser chooser;
    private final WornDetector worn = new WornDetector();

    /**
     * @param place index of the place that the phone is worn at; {@code Answer.NO_PLACE} to find out, if the model can
     * @param coarse whether a family may be an answer
     */
    Answering(Card card, int place, boolean coarse) {
        this.card = card;
        smoother = smoother(card, place);
        rejector = card.rejection == null ? null : new Rejector(card.rejection, card.isUpright());
        chooser = new Chooser(card, minimum(card), coarse);
    }

    private static Smoother smoother(Card card, int place) {
        if (card.placeCount() > 0 && card.smoothing != null) {
            JointFilter joint = new JointFilter(card, place);
            return it -> joint.step(it.endNs, it.outputs, it.probabilities, it.placeProbabilities);
        }
        if (card.placeCount() > 0) {
            GivenPlace given = new GivenPlace(card, place);
            return it -> given.step(it.endNs, it.outputs, it.probabilities, it.placeProbabilities);
        }
        if (card.smoothing != null) {
            HmmFilter filter = new HmmFilter(card.smoothing);
            return it -> filter.step(it.endNs, it.windowProbabilities, it.probabilities);
        }
        return Answering::copy;
    }

    private static void copy(Answer answer) {
        for (int label = 0; label < answer.probabilities.length; label++) {
            answer.probabilities[label] = answer.windowProbabilities[label];
        }
    }

    private static double minimum(Card card) {
        if (card.rejection == null) {
            return Double.NaN;
        }
        return card.smoothing == null ? card.rejection.rawConfidence : card.rejection.confidence;
    }

    /**
     * Completes an answer, whose {@code outputs} and {@code up} are those of a window.
     *
     * @param imu the window as the phone gave it, shape (50, 6)
     * @param window the same in the frame of the card
     * @param segment the stretch of samples without a gap that it is of
     * @param startNs time of its first sample
     */
    void step(Answer answer, float[] imu, float[] window, int segment, long startNs) {
        long endNs = startNs + (Contract.WINDOW - 1) * Contract.PERIOD_NS;
        answer.endNs = endNs;
        smoother.step(answer);
        answer.place = Answer.NO_PLACE;
        for (int place = 0; place < answer.placeProbabilities.length; place++) {
            if (answer.placeProbabilities[place] >= PlaceFilter.MIN_BELIEF) {
                answer.place = place;
            }
        }
        if (!worn.step(imu, endNs)) {
            Chooser.unknown(answer, Reason.NOT_WORN);
        } else if (rejector != null && rejector.isUnlike(window)) {
            Chooser.unknown(answer, Reason.UNLIKE);
        } else {
            chooser.step(answer, answer.up == null || answer.up.showsPosture());
        }
        answer.steps = counter.step(segment, startNs, window);
        answer.cadence = counter.cadence();
        if (hasNoSteps(answer)) { // Hands repeat themselves too, as in clapping: then the model knows better.
            answer.steps = 0;
            answer.cadence = StepCounter.NO_CADENCE;
        }
    }

    private boolean hasNoSteps(Answer answer) {
        boolean isPosture = answer.activity != Answer.UNKNOWN && POSTURES.contains(card.activity(answer.activity));
        return isPosture || answer.reason == Reason.UNLIKE || answer.reason == Reason.NOT_WORN;
    }
}
