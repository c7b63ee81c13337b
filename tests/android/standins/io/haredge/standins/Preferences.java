package io.haredge.standins;

import android.content.SharedPreferences;
import java.util.HashMap;
import java.util.Map;

/** Preferences that outlive a process. */
public final class Preferences implements SharedPreferences, SharedPreferences.Editor {
    private final Map<String, Object> values;

    public Preferences(String name) {
        values = Phone.current().preferences.computeIfAbsent(name, key -> new HashMap<>());
    }

    @Override
    public boolean getBoolean(String key, boolean defValue) {
        return (Boolean) values.getOrDefault(key, defValue);
    }

    @Override
    public String getString(String key, String defValue) {
        return (String) values.getOrDefault(key, defValue);
    }

    @Override
    public SharedPreferences.Editor edit() {
        return this;
    }

    @Override
    public SharedPreferences.Editor putBoolean(String key, boolean value) {
        values.put(key, value);
        return this;
    }

    @Override
    public SharedPreferences.Editor putString(String key, String value) {
        values.put(key, value);
        return this;
    }

    @Override
    public SharedPreferences.Editor remove(String key) {
        values.remove(key);
        return this;
    }

    @Override
    public void apply() {}
}
