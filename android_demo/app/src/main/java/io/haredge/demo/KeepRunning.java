package io.haredge.demo;

import android.content.Context;

/** Whether the user wants recognition to run; stored, so that it outlives the process. */
final class KeepRunning {
    private static final String FILE = "state";
    private static final String KEY = "keep_running";

    private KeepRunning() {}

    static boolean get(Context context) {
        return context.getSharedPreferences(FILE, Context.MODE_PRIVATE).getBoolean(KEY, false);
    }

    static void set(Context context, boolean keepRunning) {
        context.getSharedPreferences(FILE, Context.MODE_PRIVATE).edit().putBoolean(KEY, keepRunning).apply();
    }
}
