package android.widget;

import android.content.Context;
import io.haredge.standins.Control;

public abstract class CompoundButton extends Button {
    private boolean checked;
    private Runnable checkedWatcher;

    public CompoundButton(Context context) {
        super(context);
    }

    public boolean isChecked() {
        return checked;
    }

    public void setChecked(boolean checked) {
        boolean changed = this.checked != checked;
        this.checked = checked;
        if (changed && checkedWatcher != null) {
            checkedWatcher.run();
        }
    }

    public void toggle() {
        setChecked(!checked);
    }

    @Override
    public boolean performClick() {
        toggle();
        return super.performClick();
    }

    @Control
    void watchChecked(Runnable watcher) {
        checkedWatcher = watcher;
    }
}
