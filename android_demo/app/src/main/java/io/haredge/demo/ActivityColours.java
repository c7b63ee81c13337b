package io.haredge.demo;

import android.content.Context;
import io.haredge.demo.core.Card;
import java.util.ArrayList;
import java.util.List;

/** One colour for each activity and family, the same as in har-stream. */
final class ActivityColours {
    /** For activities without a colour of their own, unless another activity of the card has it. */
    private static final int[] SPARE = {
        R.color.activity_walking, R.color.activity_stairs_up, R.color.activity_stairs_down, R.color.activity_sitting,
        R.color.activity_standing, R.color.activity_lying, R.color.activity_running, R.color.activity_jumping
    };

    private ActivityColours() {}

    /** The colour of each activity of a card: labels, then families. */
    static int[] of(Context context, Card card) {
        int[] resources = new int[card.activities()];
        List<Integer> unused = new ArrayList<>();
        for (int spare : SPARE) {
            unused.add(spare);
        }
        for (int activity = 0; activity < resources.length; activity++) {
            resources[activity] = resource(card.activity(activity));
            unused.remove(Integer.valueOf(resources[activity]));
        }
        int[] spare = unused.isEmpty() ? SPARE : unused.stream().mapToInt(Integer::intValue).toArray();
        int spares = 0;
        int[] colours = new int[resources.length];
        for (int activity = 0; activity < colours.length; activity++) {
            int own = resources[activity];
            colours[activity] = context.getColor(own != 0 ? own : spare[spares++ % spare.length]);
        }
        return colours;
    }

    /** 0 for an activity without a colour of its own. */
    private static int resource(String activity) {
        switch (activity) {
            case "walking":
                return R.color.activity_walking;
            case "stairs_up":
                return R.color.activity_stairs_up;
            case "stairs_down":
                return R.color.activity_stairs_down;
            case "sitting":
                return R.color.activity_sitting;
            case "standing":
                return R.color.activity_standing;
            case "lying":
                return R.color.activity_lying;
            case "running":
                return R.color.activity_running;
            case "jumping":
                return R.color.activity_jumping;
            case "resting":
                return R.color.activity_resting;
            case "still":
                return R.color.activity_still;
            case "on_foot":
                return R.color.activity_on_foot;
            case "unknown":
                return R.color.activity_unknown;
            default:
                return 0;
        }
    }
}
