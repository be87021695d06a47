export interface Toast {
  id: number;
  text: string;
  tone: 'good' | 'bad' | 'plain';
}

/** Short messages about what has just happened; a failure stays until it is closed. */
class Toasts {
  list = $state<Toast[]>([]);
  #next = 1;

  show(text: string, tone: Toast['tone'] = 'good'): void {
    const id = this.#next++;
    this.list = [...this.list.slice(-3), { id, text, tone }];
    if (tone !== 'bad') setTimeout(() => this.close(id), 5000);
  }

  close(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
