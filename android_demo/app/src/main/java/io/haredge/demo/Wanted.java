package io.haredge.demo;

import android.content.Context;

/** Whether the user wants the app to recognise: it is remembered beyond the process. */
final class Wanted {
    private static final String FILE = "state";
    private static final String KEY = "wanted";

    private Wanted() {}

    static boolean is(Context context) {
        return context.getSharedPreferences(FILE, Context.MODE_PRIVATE).getBoolean(KEY, false);
    }

    static void set(Context context, boolean wanted) {
        context.getSharedPreferences(FILE, Context.MODE_PRIVATE).edit().putBoolean(KEY, wanted).apply();
    }
}
