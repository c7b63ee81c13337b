package io.haredge.demo;

import android.content.Context;
import android.content.SharedPreferences;
import io.haredge.demo.core.Card;
import io.haredge.demo.core.Recognizer;
import java.util.List;

/** What the user has set: where the phone is carried, and whether families are answers; stored until it is changed. */
final class Settings {
    /** The places that the user can choose from, as {@code Recognizer.Options.place} takes them. */
    static final List<String> PLACES = List.of("waist", "pocket", "wrist", "chest");

    private static final String FILE = "settings";
    private static final String PLACE = "place";
    private static final String COARSE = "coarse";

    private Settings() {}

    /** Where the phone is carried: one of {@code PLACES}; null if the app is to find out. */
    static String place(Context context) {
        String stored = preferences(context).getString(PLACE, null);
        return stored != null && PLACES.contains(stored) ? stored : null;
    }

    /** @param place one of {@code PLACES}; null if the app is to find out */
    static void setPlace(Context context, String place) {
        SharedPreferences.Editor editor = preferences(context).edit();
        (place == null ? editor.remove(PLACE) : editor.putString(PLACE, place)).apply();
    }

    /** Whether an answer may be a family of activities, if only that is certain. */
    static boolean coarse(Context context) {
        return preferences(context).getBoolean(COARSE, true);
    }

    static void setCoarse(Context context, boolean coarse) {
        preferences(context).edit().putBoolean(COARSE, coarse).apply();
    }

    /** The places of {@code PLACES} that a model can be told. */
    static String[] placesFor(Card card) {
        return PLACES.stream().filter(card::knowsPlace).toArray(String[]::new);
    }

    /** Sets a recognizer's options, as far as the model has the choice. */
    static void apply(Context context, Card card, Recognizer.Options options) {
        String place = place(context);
        options.place = place != null && card.knowsPlace(place) ? place : null;
        options.coarse = coarse(context);
    }

    private static SharedPreferences preferences(Context context) {
        return context.getSharedPreferences(FILE, Context.MODE_PRIVATE);
    }
}
