package io.haredge.demo.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A model made personal: the shipped one with a prototype head behind it, new activities included. */
public final class PersonalModel implements Model {
    /** The card for {@code Recognizer}: with the new activities, and with what the person's windows look like. */
    public final Card card;
    private final Model shipped;
    private final Outputs own;
    private final PrototypeHead head;

    /**
     * @param shipped the card of the model as it is shipped
     * @throws BadProfileException the profile does not fit it
     */
    public PersonalModel(Card shipped, Model model, Profile profile) throws BadProfileException {
        card = cardOf(shipped, profile);
        this.shipped = model;
        own = new Outputs(shipped);
        head = new PrototypeHead(shipped, card, profile.learnt());
    }

    @Override
    public void run(float[] imu, Outputs outputs) {
        shipped.run(imu, own);
        head.outputs(own, outputs);
    }

    /**
     * The card of the person's model.
     *
     * @param shipped the card of the model as it is shipped
     * @throws BadProfileException the profile does not fit it
     */
    public static Card cardOf(Card shipped, Profile profile) throws BadProfileException {
        String problem = profile.whyUnusable(shipped);
        if (problem != null) {
            throw new BadProfileException(problem);
        }
        List<String> added = new ArrayList<>(profile.activities());
        added.removeIf(label -> shipped.labelIndex(label) >= 0);
        return shipped.with(added, withNew(shipped.smoothing, added.size()), rejection(shipped, profile, added));
    }

    private static Rejection rejection(Card shipped, Profile profile, List<String> added) {
        if (shipped.rejection == null) {
            return null;
        }
        List<double[]> means = new ArrayList<>(Arrays.asList(shipped.rejection.means));
        List<double[]> whitening = new ArrayList<>(Arrays.asList(shipped.rejection.whitening));
        for (Profile.Learnt one : profile.learnt()) {
            // In the frame of the phone a card has one group for each label; there, only new ones have theirs.
            if (one.groupMean != null && (shipped.isUpright() || added.contains(one.label))) {
                means.add(one.groupMean);
                whitening.add(one.groupWhitening);
            }
        }
        double[][] rows = new double[0][];
        return new Rejection(shipped.rejection, means.toArray(rows), whitening.toArray(rows));
    }

    /** Transitions and prior with new activities, which are as likely and as lasting as the others on average. */
    private static Smoothing withNew(Smoothing smoothing, int count) {
        if (smoothing == null || count == 0) {
            return smoothing;
        }
        int known = smoothing.prior.length;
        int total = known + count;
        double stays = 0;
        for (int label = 0; label < known; label++) {
            stays += smoothing.transitions[label][label] / known;
        }
        double[][] transitions = new double[total][total];
        double[] prior = new double[total];
        double sum = 0;
        for (int from = 0; from < total; from++) {
            double leaves = 1 - (from < known ? smoothing.transitions[from][from] : stays);
            double toNew = leaves / (total - 1);
            // What an activity leaves to new ones it takes from those that it left to before.
            double kept = (leaves - count * toNew) / Math.max(leaves, 1e-12);
            for (int to = 0; to < total; to++) {
                boolean both = from < known && to < known;
                transitions[from][to] = both ? smoothing.transitions[from][to] * kept : toNew;
            }
            transitions[from][from] = 1 - leaves;
            prior[from] = from < known ? smoothing.prior[from] * known / total : 1.0 / total;
            sum += prior[from];
        }
        for (int label = 0; label < total; label++) {
            prior[label] /= sum;
        }
        return new Smoothing(transitions, prior, smoothing.evidence);
    }
}
