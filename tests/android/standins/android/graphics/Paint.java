package android.graphics;

import io.haredge.standins.Control;
import java.awt.Font;
import java.awt.font.FontRenderContext;

public class Paint {
    public static final int ANTI_ALIAS_FLAG = 1;
    private static final FontRenderContext CONTEXT = new FontRenderContext(null, true, true);

    private int color = 0xff000000;
    private float textSize = 12;
    private boolean bold;

    public Paint(int flags) {}

    public void setColor(int color) {
        this.color = color;
    }

    public int getColor() {
        return color;
    }

    public void setTextSize(float textSize) {
        this.textSize = textSize;
    }

    public float getTextSize() {
        return textSize;
    }

    public Typeface setTypeface(Typeface typeface) {
        bold = typeface == Typeface.DEFAULT_BOLD;
        return typeface;
    }

    public float measureText(String text) {
        return (float) font().getStringBounds(text, CONTEXT).getWidth();
    }

    @Control
    public Font font() {
        return new Font(Font.SANS_SERIF, bold ? Font.BOLD : Font.PLAIN, 1).deriveFont(textSize);
    }
}
