package io.haredge.demo;

import android.content.Context;
import android.view.View;
import android.view.ViewGroup;
import android.widget.Button;
import android.widget.LinearLayout;
import io.haredge.demo.core.Card;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/** A button for each activity of the card, with which the wearer labels a recording; hidden unless one is made. */
final class LabelButtons extends LinearLayout {
    /** Of a row: more are too narrow for their names on a small phone. */
    private static final int COLUMNS = 3;

    private final Map<String, Button> buttons = new LinkedHashMap<>();
    private Consumer<String> listener = name -> {};
    private String current = "";

    LabelButtons(Context context) {
        super(context);
        setOrientation(VERTICAL);
    }

    /** @param listener gets the label of the events from now on; empty for none */
    void setListener(Consumer<String> listener) {
        this.listener = listener;
    }

    void setCard(Card card) {
        buttons.clear();
        removeAllViews();
        LinearLayout row = null;
        for (int index = 0; index < card.classes(); index++) {
            if (card.isUnknown(index)) {
                continue;
            }
            if (row == null || row.getChildCount() == COLUMNS) {
                row = new LinearLayout(getContext());
                addView(row);
            }
            String name = card.activity(index);
            Button button = new Button(getContext());
            button.setOnClickListener(view -> listener.accept(name.equals(current) ? "" : name));
            buttons.put(name, button);
            row.addView(button, cell());
        }
        while (row != null && row.getChildCount() < COLUMNS) {
            row.addView(new View(getContext()), cell()); // So that all buttons are equally wide.
        }
    }

    /** @param label that of the recording; empty for none */
    void show(boolean isRecording, String label) {
        current = label;
        setVisibility(isRecording ? VISIBLE : GONE);
        buttons.forEach((name, button) -> {
            String text = ActivityNames.of(getContext(), name);
            button.setText(name.equals(label) ? getContext().getString(R.string.end_label, text) : text);
        });
    }

    private static LinearLayout.LayoutParams cell() {
        return new LinearLayout.LayoutParams(0, ViewGroup.LayoutParams.WRAP_CONTENT, 1);
    }
}
