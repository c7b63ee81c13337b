package io.haredge.demo;

import android.content.Context;
import io.haredge.demo.core.Card;

/** Names of activities, families of them and places in the user's language. */
final class ActivityNames {
    private ActivityNames() {}

    /** The name of an answer's activity. One that the app does not know is shown as the card writes it. */
    static String of(Context context, Card card, int activity) {
        return of(context, card.activity(activity));
    }

    /** The same, by the name that the card has. */
    static String of(Context context, String activity) {
        switch (activity) {
            case "unknown":
                return context.getString(R.string.unknown);
            case "walking":
                return context.getString(R.string.walking);
            case "stairs_up":
                return context.getString(R.string.stairs_up);
            case "stairs_down":
                return context.getString(R.string.stairs_down);
            case "sitting":
                return context.getString(R.string.sitting);
            case "standing":
                return context.getString(R.string.standing);
            case "lying":
                return context.getString(R.string.lying);
            case "running":
                return context.getString(R.string.running);
            case "jumping":
                return context.getString(R.string.jumping);
            case "resting":
                return context.getString(R.string.resting);
            case "still":
                return context.getString(R.string.still);
            case "on_foot":
                return context.getString(R.string.on_foot);
            default:
                return activity;
        }
    }

    /** Where the user says that the phone is carried: one of the places of {@code Settings}, or null to find out. */
    static String ofSetting(Context context, String place) {
        if (place == null) {
            return context.getString(R.string.carried_auto);
        }
        switch (place) {
            case "waist":
                return context.getString(R.string.carried_waist);
            case "pocket":
                return context.getString(R.string.carried_pocket);
            case "wrist":
                return context.getString(R.string.carried_wrist);
            case "chest":
                return context.getString(R.string.carried_chest);
            default:
                throw new IllegalArgumentException(place);
        }
    }

    /** Where a phone is that is worn at a place of the card, e.g. "in a trouser pocket". */
    static String ofPlace(Context context, Card card, int place) {
        switch (card.place(place)) {
            case "torso":
                return context.getString(R.string.at_torso);
            case "thigh":
                return context.getString(R.string.at_thigh);
            case "wrist":
                return context.getString(R.string.at_wrist);
            default:
                return context.getString(R.string.at_place, card.place(place));
        }
    }
}
