package android.content;

import android.net.Uri;
import io.haredge.standins.Control;
import java.util.HashMap;
import java.util.Map;

public class Intent {
    public static final String ACTION_CREATE_DOCUMENT = "android.intent.action.CREATE_DOCUMENT";
    public static final String ACTION_OPEN_DOCUMENT = "android.intent.action.OPEN_DOCUMENT";
    public static final String ACTION_SEND = "android.intent.action.SEND";
    public static final String ACTION_CHOOSER = "android.intent.action.CHOOSER";
    public static final String CATEGORY_OPENABLE = "android.intent.category.OPENABLE";
    public static final String EXTRA_SUBJECT = "android.intent.extra.SUBJECT";
    public static final String EXTRA_TEXT = "android.intent.extra.TEXT";
    public static final String EXTRA_TITLE = "android.intent.extra.TITLE";

    private final Map<String, String> extras = new HashMap<>();
    private String action;
    private String target;
    private Uri data;
    private Intent inner;

    public Intent() {}

    public Intent(String action) {
        this.action = action;
    }

    public Intent(Context packageContext, Class<?> cls) {
        target = cls.getName();
    }

    public String getAction() {
        return action;
    }

    public Uri getData() {
        return data;
    }

    public String getStringExtra(String name) {
        return extras.get(name);
    }

    public Intent setAction(String action) {
        this.action = action;
        return this;
    }

    public Intent setData(Uri data) {
        this.data = data;
        return this;
    }

    public Intent setType(String type) {
        return this;
    }

    public Intent addCategory(String category) {
        return this;
    }

    public Intent putExtra(String name, String value) {
        extras.put(name, value);
        return this;
    }

    public static Intent createChooser(Intent target, CharSequence title) {
        Intent chooser = new Intent(ACTION_CHOOSER);
        chooser.inner = target;
        return chooser;
    }

    @Control
    public String target() {
        return target;
    }

    @Control
    public Intent inner() {
        return inner;
    }
}
