package io.haredge.demo.core;

/**
 * Chooses the narrowest answer that is sure enough: a label, a family of labels, or none.
 *
 * <p>The rules are those of {@code har_runtime/answers/families.py}.
 */
final class Chooser {
    private static final String STILL = "still";
    private static final int[] NONE = {};

    private final Card card;
    private final double minimum;
    private final boolean coarse;
    private final Family[] families;
    private final boolean[] sure;
    /** Index of the family of the postures in the families; -1 if there is none. */
    private final int still;

    /**
     * @param minimum probability below which an answer is not sure enough; NaN if every label is
     * @param coarse whether a family may be an answer
     */
    Chooser(Card card, double minimum, boolean coarse) {
        this.card = card;
        this.minimum = minimum;
        this.coarse = coarse;
        families = card.families();
        sure = new boolean[families.length];
        int found = -1;
        for (int index = 0; index < families.length; index++) {
            found = families[index].name.equals(STILL) ? index : found;
        }
        still = found;
    }

    /**
     * Chooses the activity of a window whose signal is like the training data.
     *
     * @param answer has the probabilities after smoothing; receives activity, confidence and reason
     * @param showsPosture whether standing, sitting and lying differ in the window; otherwise they count as one
     */
    void step(Answer answer, boolean showsPosture) {
        double[] probabilities = answer.probabilities;
        int[] together = showsPosture || still < 0 ? NONE : families[still].members;
        double likeliest = maximum(probabilities);
        double posture = sum(probabilities, together);
        int best = likeliest(probabilities, together);
        boolean isPosture = contains(together, best);
        if (Double.isNaN(minimum) || Math.max(likeliest, posture) >= minimum) {
            if (isPosture && coarse) {
                set(answer, card.classes() + still, posture, null);
            } else if (isPosture) {
                set(answer, Answer.UNKNOWN, likeliest, Reason.UNSURE);
            } else if (card.isUnknown(best)) {
                set(answer, Answer.UNKNOWN, likeliest, Reason.UNLIKE);
            } else {
                set(answer, best, probabilities[best], null);
            }
            return;
        }
        int family = coarse ? family(probabilities, together) : -1;
        if (family >= 0) {
            set(answer, card.classes() + family, sum(probabilities, families[family].members), null);
        } else {
            set(answer, Answer.UNKNOWN, likeliest, card.isUnknown(best) ? Reason.UNLIKE : Reason.UNSURE);
        }
    }

    /** Makes an answer unknown. */
    static void unknown(Answer answer, Reason reason) {
        set(answer, Answer.UNKNOWN, maximum(answer.probabilities), reason);
    }

    /** The narrowest family that is sure enough, of two without a common label the likelier; -1 if there is none. */
    private int family(double[] probabilities, int[] together) {
        int likeliest = -1;
        double most = 0;
        for (int index = 0; index < families.length; index++) {
            double total = sum(probabilities, families[index].members);
            sure[index] = total >= minimum && !divides(families[index].members, together);
            if (sure[index] && (likeliest < 0 || total > most)) {
                likeliest = index;
                most = total;
            }
        }
        for (int index = 0; index < likeliest; index++) {
            if (sure[index] && countIn(families[index].members, families[likeliest].members)
                    == families[index].members.length) {
                return index;
            }
        }
        return likeliest;
    }

    /** Index of the likeliest label; those that count as one have their sum, and the index of the first. */
    private static int likeliest(double[] probabilities, int[] together) {
        int best = -1;
        double most = Double.NEGATIVE_INFINITY;
        for (int label = 0; label < probabilities.length; label++) {
            double probability = probabilities[label];
            if (contains(together, label)) {
                probability = label == together[0] ? sum(probabilities, together) : 0;
            }
            if (best < 0 || probability > most) {
                best = label;
                most = probability;
            }
        }
        return best;
    }

    private static double maximum(double[] probabilities) {
        double most = probabilities[0];
        for (double probability : probabilities) {
            most = Math.max(most, probability);
        }
        return most;
    }

    /** Probability of any of the labels; that of an int8 model may exceed 1 by rounding. */
    private static double sum(double[] probabilities, int[] labels) {
        double sum = 0;
        for (int label : labels) {
            sum += probabilities[label];
        }
        return Math.min(sum, 1);
    }

    /** Whether a family has some but not all of the labels that count together. */
    private static boolean divides(int[] family, int[] together) {
        int shared = countIn(together, family);
        return shared > 0 && shared < together.length;
    }

    /** How many of the labels are among others. */
    private static int countIn(int[] labels, int[] others) {
        int count = 0;
        for (int label : labels) {
            count += contains(others, label) ? 1 : 0;
        }
        return count;
    }

    private static boolean contains(int[] labels, int label) {
        for (int other : labels) {
            if (other == label) {
                return true;
            }
        }
        return false;
    }

    private static void set(Answer answer, int activity, double confidence, Reason reason) {
        answer.activity = activity;
        answer.confidence = confidence;
        answer.reason = reason;
    }
}
