import { mount } from 'svelte'
import App from './App.svelte'
import { keepVisible } from './frame/shown'
import './styles/tokens.css'
import './styles/base.css'
import './styles/forms.css'
import './styles/sheet.css'

keepVisible(document.documentElement)
const target = document.getElementById('app')
if (target) mount(App, { target })
