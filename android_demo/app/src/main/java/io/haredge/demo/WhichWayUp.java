package io.haredge.demo;

import android.content.Context;
import android.content.SharedPreferences;
import io.haredge.demo.core.Up;

/**
 * Which way is up for the wearer, stored while recognition runs.
 *
 * <p>If Android ends the process and the service restarts, the phone is where it was, and the wearer need not walk
 * again. After the user has stopped it, the phone may be worn another way.
 */
final class WhichWayUp {
    private static final String FILE = "state";
    private static final String KEY = "up";

    private WhichWayUp() {}

    /** Null if nothing is stored. */
    static Up read(Context context) {
        String stored = preferences(context).getString(KEY, null);
        if (stored == null) {
            return null;
        }
        String[] parts = stored.split(" ");
        return new Up(Double.parseDouble(parts[0]), Double.parseDouble(parts[1]), Double.parseDouble(parts[2]),
                Up.Found.valueOf(parts[3]));
    }

    /** @param up null if it is not known */
    static void write(Context context, Up up) {
        if (up != null) {
            String text = up.x + " " + up.y + " " + up.z + " " + up.found;
            preferences(context).edit().putString(KEY, text).apply();
        }
    }

    static void forget(Context context) {
        preferences(context).edit().remove(KEY).apply();
    }

    private static SharedPreferences preferences(Context context) {
        return context.getSharedPreferences(FILE, Context.MODE_PRIVATE);
    }
}
