package android.widget;

import android.content.Context;
import android.view.View;
import android.view.ViewGroup;

public class RadioGroup extends LinearLayout {
    private int checkedId = View.NO_ID;

    public RadioGroup(Context context) {
        super(context);
        setOrientation(VERTICAL);
    }

    @Override
    public void addView(View child, ViewGroup.LayoutParams params) {
        super.addView(child, params);
        RadioButton button = (RadioButton) child;
        button.watchChecked(() -> {
            if (button.isChecked()) {
                check(button.getId());
            }
        });
    }

    public void check(int id) {
        int before = checkedId;
        checkedId = id;
        if (before != id) {
            setChecked(before, false);
            setChecked(id, true);
        }
    }

    private void setChecked(int id, boolean checked) {
        for (int index = 0; index < getChildCount(); index++) {
            if (id != View.NO_ID && getChildAt(index).getId() == id) {
                ((RadioButton) getChildAt(index)).setChecked(checked);
            }
        }
    }
}
