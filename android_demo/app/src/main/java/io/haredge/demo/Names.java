package io.haredge.demo;

import android.content.Context;
import io.haredge.demo.core.Answer;
import io.haredge.demo.core.Card;
import java.util.Map;

/** Activities in the user's language. */
final class Names {
    private static final Map<String, Integer> KNOWN = Map.of(
            "walking", R.string.walking,
            "stairs_up", R.string.stairs_up,
            "stairs_down", R.string.stairs_down,
            "sitting", R.string.sitting,
            "standing", R.string.standing,
            "lying", R.string.lying);

    private Names() {}

    /** The name of an activity; a label that the app has no word for is shown as the card writes it. */
    static String of(Context context, Card card, int activity) {
        if (activity == Answer.UNKNOWN) {
            return context.getString(R.string.unknown);
        }
        Integer name = KNOWN.get(card.label(activity));
        return name == null ? card.label(activity) : context.getString(name);
    }
}
