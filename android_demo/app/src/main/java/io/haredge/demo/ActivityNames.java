package io.haredge.demo;

import android.content.Context;
import io.haredge.demo.core.Answer;
import io.haredge.demo.core.Card;

/** Names of activities in the user's language. */
final class ActivityNames {
    private ActivityNames() {}

    /** The name of an activity. A label that the app does not know is shown as the card writes it. */
    static String of(Context context, Card card, int activity) {
        if (activity == Answer.UNKNOWN) {
            return context.getString(R.string.unknown);
        }
        switch (card.label(activity)) {
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
            default:
                return card.label(activity);
        }
    }
}
